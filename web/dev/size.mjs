// @ts-check
// Weighs the built application, as it travels (gzip), against its budget, and fails where it is too heavy. What the
// first view needs is the entry with all that it imports at once; other pages come when they are asked for.
import { readdir, readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';

const dist = new URL('../dist/', import.meta.url);
const budget = { entry: 60_000, styles: 15_000, page: 100_000 };

const html = await readFile(new URL('index.html', dist), 'utf8');
const names = await readdir(new URL('assets/', dist));
const weights = new Map(
  await Promise.all(
    names.map(async (name) => {
      const file = await readFile(new URL(`assets/${name}`, dist));
      return /** @type {const} */ ([name, gzipSync(file).length]);
    }),
  ),
);
const sum = (/** @type {(name: string) => boolean} */ counts) =>
  [...weights].reduce((total, [name, bytes]) => total + (counts(name) ? bytes : 0), 0);
const isEntry = (/** @type {string} */ name) => html.includes(name);
const stem = (/** @type {string} */ name) => name.replace(/-[\w-]{8}\.\w+$/, '');

// A page that comes later weighs its script and the style sheet of the same name.
const later = [...weights.keys()].filter((name) => name.endsWith('.js') && !isEntry(name));
const pages = later.map((name) => {
  const styles = sum((other) => other.endsWith('.css') && !isEntry(other) && stem(other) === stem(name));
  return { name, bytes: (weights.get(name) ?? 0) + styles };
});
const heaviest = pages.reduce((most, page) => (page.bytes > most.bytes ? page : most), { name: '', bytes: 0 });

const rows = [
  ['entry scripts', sum((name) => name.endsWith('.js') && isEntry(name)), budget.entry],
  ['entry styles', sum((name) => name.endsWith('.css') && isEntry(name)), budget.styles],
  [`heaviest page, ${stem(heaviest.name)}`, heaviest.bytes, budget.page],
];
for (const [what, bytes, limit] of /** @type {[string, number, number][]} */ (rows)) {
  const verdict = bytes > limit ? 'TOO HEAVY' : 'ok';
  process.stdout.write(`${what.padEnd(36)} ${String(bytes).padStart(7)} of ${limit} bytes gzip  ${verdict}\n`);
  if (bytes > limit) process.exitCode = 1;
}
if (html.includes('<style') || /<script(?![^>]*\ssrc=)/.test(html)) {
  process.stderr.write('index.html holds a script or style of its own: the content policy refuses it\n');
  process.exitCode = 1;
}
