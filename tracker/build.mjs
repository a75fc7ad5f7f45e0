// Builds the tracker into `dist/t.js`, which the binary embeds, and weighs it as it travels: more than 3 kB is too much.
import { build } from 'esbuild';
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';

const BYTES_MAX = 3_000;
const outfile = 'dist/t.js';

await build({
  entryPoints: ['src/touchline.js'],
  outfile,
  minify: true,
  target: ['chrome90', 'firefox90', 'safari15'],
  legalComments: 'none',
});

const script = await readFile(outfile, 'utf8');
const bytes = gzipSync(script).length;
process.stdout.write(`tracker ${bytes} of ${BYTES_MAX} bytes gzip\n`);
if (bytes > BYTES_MAX) process.exitCode = 1;
if (script.split('SETTINGS').length !== 2 || /\beval\b|new Function|innerHTML/.test(script)) {
  process.stderr.write('the script must name SETTINGS once, and nothing that a strict content policy refuses\n');
  process.exitCode = 1;
}
