// Builds the browser application into `dist`, which the binary embeds, and serves it while one works on it.
// Nothing may be inlined as a `data:` address: the content policy allows only files of our own.
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [svelte()],
  build: {
    target: ['chrome123', 'firefox128', 'safari17.5'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // What several pages use comes in one piece: a dozen small files cost a first view more than their bytes do.
    rolldownOptions: {
      output: {
        advancedChunks: {
          groups: [
            { name: 'kit', test: /rolldown[\\/]runtime|src[\\/](app|ui|styles)[\\/](?!chart|interaction)/ },
            { name: 'map', test: /src[\\/]features[\\/]map[\\/](model|words|edit[\\/]words)[\\/]/ },
          ],
        },
      },
    },
  },
  server: { proxy: { '/api': process.env.TOUCHLINE_URL ?? 'http://127.0.0.1:7780' } },
  test: { include: ['src/**/*.test.ts'], setupFiles: ['dev/browser.ts'] },
});
