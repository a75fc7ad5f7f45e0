// Builds the widget into `dist`, which the binary embeds, and weighs it as it travels: a loader above 3 kB, or more than
// 20 kB all in, is too much.
import { build } from 'esbuild';
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';

const LOADER_MAX = 3_000;
const ALL_MAX = 20_000;

const common = {
  minify: true,
  bundle: true,
  target: ['chrome90', 'firefox90', 'safari15'],
  legalComments: 'none',
  charset: 'utf8',
};
await build({ ...common, entryPoints: ['src/loader.js'], outfile: 'dist/loader.js', format: 'iife' });
await build({ ...common, entryPoints: ['src/chat.js'], outfile: 'dist/chat.js', format: 'esm' });

const texts = await Promise.all(['dist/loader.js', 'dist/chat.js'].map((file) => readFile(file, 'utf8')));
const [loader, chat] = texts.map((text) => gzipSync(text).length);
process.stdout.write(`widget: loader ${loader} of ${LOADER_MAX}, all ${loader + chat} of ${ALL_MAX} bytes gzip\n`);
if (loader > LOADER_MAX || loader + chat > ALL_MAX) process.exitCode = 1;
if (
  texts.some((text) => /\beval\b|new Function|innerHTML|document\.write/.test(text)) ||
  texts[0].split('KEY').length !== 2
) {
  process.stderr.write('the loader must name KEY once, and nothing that a strict content policy refuses may be used\n');
  process.exitCode = 1;
}
