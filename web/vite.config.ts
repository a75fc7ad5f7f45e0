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
        codeSplitting: {
          groups: [
            // What opens later stays out: the search, the list of keys, tables, charts.
            {
              name: 'kit',
              test: /rolldown[\\/]runtime|src[\\/](main|features[\\/]account[\\/]arrive|app[\\/](?!Palette|palette|Keys)|ui[\\/](?!chart|interaction|DataTable|table|xlsx)|styles)/,
            },
            // The parts of the page of data share its words; a piece of their own keeps a helper out of every first view.
            { name: 'capture', test: /src[\\/]features[\\/]capture[\\/](words|api)/ },
            {
              name: 'chart',
              test: /src[\\/]ui[\\/](chart|DataTable|table)|src[\\/]features[\\/]measure[\\/]NarrowBar/,
            },
            {
              name: 'map',
              test: /src[\\/]features[\\/]map[\\/](model|words|edit[\\/](words|api|steps|lines|tools))/,
            },
          ],
        },
      },
    },
  },
  server: { proxy: { '/api': process.env.TOUCHLINE_URL ?? 'http://127.0.0.1:7780' } },
  test: { include: ['src/**/*.test.ts'], setupFiles: ['dev/browser.ts'] },
});
