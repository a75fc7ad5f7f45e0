// @ts-check
// Weighs the built application, as it travels (gzip), against its budget, and fails where it is too heavy. What the
// first view needs is the entry with all that it imports at once; other pages come when they are asked for.
import { readdir, readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';

const dist = new URL('../dist/', import.meta.url);
const budget = { entry: 60_000, styles: 15_000, page: 100_000 };

const html = await readFile(new URL('index.html', dist), 'utf8');
const names = await readdir(new URL('assets/', dist));
const weights = await Promise.all(
  names.map(async (name) => ({ name, bytes: gzipSync(await readFile(new URL(`assets/${name}`, dist))).length })),
);
const scripts = weights.filter(({ name }) => name.endsWith('.js'));
const isEntry = (/** @type {{ name: string }} */ { name }) => html.includes(name);
const sum = (/** @type {{ bytes: number }[]} */ files) => files.reduce((total, file) => total + file.bytes, 0);

const rows = [
  ['entry scripts', sum(scripts.filter(isEntry)), budget.entry],
  ['all styles', sum(weights.filter(({ name }) => name.endsWith('.css'))), budget.styles],
  ['heaviest page', Math.max(0, ...scripts.filter((file) => !isEntry(file)).map((file) => file.bytes)), budget.page],
];
for (const [what, bytes, limit] of /** @type {[string, number, number][]} */ (rows)) {
  const verdict = bytes > limit ? 'TOO HEAVY' : 'ok';
  process.stdout.write(`${what.padEnd(14)} ${String(bytes).padStart(7)} of ${limit} bytes gzip  ${verdict}\n`);
  if (bytes > limit) process.exitCode = 1;
}
if (html.includes('<style') || /<script(?![^>]*\ssrc=)/.test(html)) {
  process.stderr.write('index.html holds a script or style of its own: the content policy refuses it\n');
  process.exitCode = 1;
}
