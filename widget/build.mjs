// Builds the widget into `dist`, which the binary embeds, and weighs it as it travels: a loader above 3 kB, or more than
// 20 kB all in, is too much. Comments are a script of their own, for other pages: 5 kB.
import { build } from 'esbuild';
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';

const LOADER_MAX = 3_000;
const ALL_MAX = 20_000;
const COMMENTS_MAX = 5_000;

const common = {
  minify: true,
  bundle: true,
  target: ['chrome90', 'firefox90', 'safari15'],
  legalComments: 'none',
  charset: 'utf8',
};
for (const name of ['loader', 'comments'])
  await build({ ...common, entryPoints: [`src/${name}.js`], outfile: `dist/${name}.js`, format: 'iife' });
for (const name of ['chat', 'popup'])
  await build({ ...common, entryPoints: [`src/${name}.js`], outfile: `dist/${name}.js`, format: 'esm' });

const texts = await Promise.all(
  ['dist/loader.js', 'dist/chat.js', 'dist/popup.js', 'dist/comments.js'].map((file) => readFile(file, 'utf8')),
);
const [loader, chat, popup, comments] = texts.map((text) => gzipSync(text).length);
const all = loader + chat + popup;
process.stdout.write(
  `widget: loader ${loader} of ${LOADER_MAX}, all ${all} of ${ALL_MAX}, comments ${comments} of ${COMMENTS_MAX} bytes gzip\n`,
);
if (loader > LOADER_MAX || all > ALL_MAX || comments > COMMENTS_MAX) process.exitCode = 1;
if (
  texts.some((text) => /\beval\b|new Function|innerHTML|document\.write/.test(text)) ||
  ['KEY', 'POPUPS', 'COLOUR'].some((word) => texts[0].split(word).length !== 2)
) {
  process.stderr.write(
    'the loader must name KEY, POPUPS and COLOUR once, and nothing that a strict content policy refuses may be used\n',
  );
  process.exitCode = 1;
}
