// Draws the map as a picture of its own: an SVG that needs no style sheet, and a PNG of it. What is drawn is what the grid
// shows: every cell in full, because a picture has no folds to open.
import type { TouchpointMap, VerdictKind } from '../../../app/api/types';
import type { Formats } from '../../../app/i18n/format';
import { read } from '../../../app/i18n/language.svelte';
import { asksForChange } from '../../../ui/verdict';
import type { GridRow } from './grid';

const column = 190;
const head = 150;
const lineHeight = 18;
const top = 86;
const pad = 10;
/** A name longer than this is cut: the column is so wide. */
const lettersMax = 26;

/** The sign and the colour of a verdict: a picture is often printed, so the sign alone must do. */
const signs: Record<VerdictKind, [string, string]> = {
  effective: ['●', '#12694a'],
  under_used: ['◔', '#1c5799'],
  over_used: ['◕', '#8f4c00'],
  wasted: ['✕', '#a3271f'],
  needs_care: ['▲', '#6c3a93'],
  dark: ['○', '#545d66'],
  insufficient_data: ['⋯', '#545d66'],
  neutral: ['·', '#545d66'],
  none: ['', '#545d66'],
};

/** Draws the rows of a grid. `wordOf` names a verdict, for the line at the bottom. */
export function draw(
  map: TouchpointMap,
  rows: readonly GridRow[],
  wordOf: (kind: VerdictKind) => string,
  formats: Formats,
): string {
  const stages = rows[0]?.cells.map((cell) => cell.stage) ?? map.stages;
  const width = head + column * stages.length + pad;
  const parts: string[] = [];
  const write = (x: number, y: number, text: string, more = '') =>
    parts.push(`<text x="${x}" y="${y}" ${more}>${escape(text)}</text>`);

  write(pad, 30, read(map.name), 'font-size="20" font-weight="600"');
  stages.forEach((stage, index) => {
    const x = head + column * index;
    write(x, 60, cut(read(stage.name)), 'font-weight="600"');
    write(x, 76, formats.write(stage.weight, 'percent'), 'fill="#545d66" font-size="11"');
  });
  let y = top;
  for (const row of rows) {
    const height = Math.max(2, ...row.cells.map((cell) => cell.chips.length)) * lineHeight + pad;
    parts.push(`<line x1="${pad}" x2="${width - pad}" y1="${y}" y2="${y}" stroke="#8b8f8f"/>`);
    write(pad, y + lineHeight, cut(read(row.segment.name), 20), 'font-weight="600"');
    row.cells.forEach((cell, index) => {
      cell.chips.forEach((chip, place) => {
        const [sign, colour] = signs[chip.verdict];
        const at = y + lineHeight * (place + 1);
        const x = head + column * index;
        write(x, at, sign, `fill="${colour}"`);
        const style = chip.planned ? '' : 'fill="#545d66" font-style="italic"';
        write(
          x + 16,
          at,
          cut(read(chip.touchpoint.name)),
          asksForChange.has(chip.verdict) ? 'font-weight="600"' : style,
        );
      });
    });
    y += height;
  }
  const used = [...new Set(rows.flatMap((row) => row.cells.flatMap((cell) => cell.chips.map((chip) => chip.verdict))))];
  const legend = used.filter((kind) => signs[kind][0] !== '').map((kind) => `${signs[kind][0]} ${wordOf(kind)}`);
  write(pad, y + 24, legend.join('    '), 'fill="#545d66" font-size="11"');
  const height = y + 40;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
    `font-family="'Noto Sans','Liberation Sans',Arial,sans-serif" font-size="13" fill="#1b2228">` +
    `<rect width="${width}" height="${height}" fill="#fffefb"/>${parts.join('')}</svg>`
  );
}

function cut(text: string, letters = lettersMax): string {
  return [...text].length > letters ? `${[...text].slice(0, letters - 1).join('')}…` : text;
}

/** Names come from outside: what would be markup is written as text. */
function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** How many dots for a unit: enough for a sheet of paper. */
const dots = 2;

/** Makes a PNG of a drawing. */
export async function toPng(svg: string): Promise<Blob> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = image.naturalWidth * dots;
  canvas.height = image.naturalHeight * dots;
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done, failed) =>
    canvas.toBlob((blob) => (blob ? done(blob) : failed(new Error('the picture is too large'))), 'image/png'),
  );
}
