// Makes the edits of what a person does: pure, so that it can be tested without a browser.
import type { Text, Touchpoint, TouchpointMap } from '../../../app/api/types';
import type { LanguageCode } from '../../../app/i18n/format';
import type { Cell, Channel, Edit, Offers } from './api';

type Offer = Offers['touchpoints'][number];

/** Makes an id of a name: lower-case words joined by hyphens, new among those that there are. */
export function idOf(name: string, taken: ReadonlySet<string>): string {
  const plain = transliterate(name.toLowerCase())
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 60);
  const base = plain === '' ? 'touchpoint' : plain;
  if (!taken.has(base)) return base;
  for (let number = 2; ; number++) if (!taken.has(`${base}-${number}`)) return `${base}-${number}`;
}

const cyrillic = 'абвгдеёжзийклмнопрстуфхцчшщъыьэюя';
const latin = 'a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh shch  y  e yu ya'.split(' ');

function transliterate(text: string): string {
  return [...text].map((letter) => latin[cyrillic.indexOf(letter)] ?? letter).join('');
}

/** Writes a text in one language and keeps the others. */
export function writeText(before: Text | null | undefined, language: LanguageCode, text: string): Text {
  if (before === null || before === undefined || typeof before === 'string') {
    return language === 'en' || !before ? text : { en: before, [language]: text };
  }
  return { ...before, [language]: text };
}

/** Whether a touchpoint stands in a cell by itself or by standing in every row. */
export function cellOf(touchpoint: Touchpoint, segment: string, stage: string): Cell | null {
  return (
    touchpoint.cells.find((cell) => cell.stage === stage && cell.segment === segment) ??
    touchpoint.cells.find((cell) => cell.stage === stage && !cell.segment) ??
    null
  );
}

/** What it takes to drag a touchpoint from one cell to another; a touchpoint of every row stays one. */
export function move(
  touchpoint: Touchpoint,
  from: { segment: string; stage: string },
  to: { segment: string; stage: string },
): Edit[] {
  const start = cellOf(touchpoint, from.segment, from.stage);
  if (!start) return [{ do: 'place', touchpoint: touchpoint.id, cell: { segment: to.segment, stage: to.stage } }];
  const target: Cell = start.segment ? { segment: to.segment, stage: to.stage } : { stage: to.stage };
  if (target.stage === start.stage && (target.segment ?? null) === (start.segment ?? null)) return [];
  return [{ do: 'move', touchpoint: touchpoint.id, from: start, to: target }];
}

/** The edits that make the cells of a touchpoint those that are wanted. */
export function settle(touchpoint: Touchpoint, wanted: readonly Cell[]): Edit[] {
  const same = (a: Cell, b: Cell) => a.stage === b.stage && (a.segment ?? null) === (b.segment ?? null);
  const place = wanted.filter((cell) => !touchpoint.cells.some((known) => same(known, cell)));
  const leave = touchpoint.cells.filter((cell) => !wanted.some((known) => same(known, cell)));
  return [
    ...place.map((cell): Edit => ({ do: 'place', touchpoint: touchpoint.id, cell })),
    ...leave.map((cell): Edit => ({ do: 'unplace', touchpoint: touchpoint.id, cell })),
  ];
}

/** Takes a touchpoint out of a cell; where it stands in every row, it stays in the others. */
export function takeOut(map: TouchpointMap, touchpoint: Touchpoint, segment: string, stage: string): Edit[] {
  const cell = cellOf(touchpoint, segment, stage);
  if (!cell) return [];
  if (cell.segment) return [{ do: 'unplace', touchpoint: touchpoint.id, cell }];
  const others = map.segments.filter((other) => other.id !== segment);
  return settle(touchpoint, [
    ...touchpoint.cells.filter((known) => known !== cell),
    ...others.map((other) => ({ segment: other.id, stage })),
  ]);
}

/** The channel that an entry of the catalogue stands on: added where the map has it not yet. */
function channelFor(map: TouchpointMap, wanted: string, known: readonly Channel[]): { id: string; edits: Edit[] } {
  if (map.channels.some((channel) => channel.id === wanted)) return { id: wanted, edits: [] };
  const channel = known.find((entry) => entry.id === wanted);
  if (channel) return { id: wanted, edits: [{ do: 'add_channel', channel }] };
  return { id: map.channels[0]?.id ?? wanted, edits: [] };
}

/** Adds a touchpoint of the catalogue to a cell. */
export function addOffer(
  map: TouchpointMap,
  offers: Offers,
  offer: Offer,
  cells: Cell[],
): { id: string; edits: Edit[] } {
  const name = typeof offer.name === 'string' ? offer.name : offer.name.en;
  const id = idOf(name, new Set(map.touchpoints.map((touchpoint) => touchpoint.id)));
  const channel = channelFor(map, offer.channel, offers.channels);
  const touchpoint: Touchpoint = {
    id,
    name: offer.name,
    catalogue: offer.id,
    kind: offer.kind,
    class: offer.class,
    direction: offer.direction,
    channel: channel.id,
    cells,
    primary_stage: cells[0]?.stage ?? map.stages[0]?.id ?? '',
    life: 'planned',
    emits: false,
  };
  return { id, edits: [...channel.edits, { do: 'add_touchpoint', touchpoint }] };
}

/** What a person says of a new touchpoint. */
export interface Sketch {
  name: string;
  kind?: Touchpoint['kind'];
  direction?: Touchpoint['direction'];
  channel?: string;
  class?: Touchpoint['class'];
}

/** Adds a touchpoint that somebody typed. */
export function addSketch(map: TouchpointMap, sketch: Sketch, cells: Cell[]): { id: string; edits: Edit[] } {
  const id = idOf(sketch.name, new Set(map.touchpoints.map((touchpoint) => touchpoint.id)));
  const touchpoint: Touchpoint = {
    id,
    name: sketch.name.trim(),
    kind: sketch.kind ?? 'human',
    class: sketch.class ?? 'customer',
    direction: sketch.direction ?? 'two_way',
    channel: sketch.channel ?? map.channels[0]?.id ?? '',
    cells,
    primary_stage: cells[0]?.stage ?? map.stages[0]?.id ?? '',
    life: 'planned',
    emits: false,
  };
  return { id, edits: [{ do: 'add_touchpoint', touchpoint }] };
}

/**
 * Weighs one stage and shares what is left among the others in proportion, so that all sum to 1. Weights are whole per
 * cents; the largest of the others takes what rounding leaves.
 */
export function weigh(weights: Readonly<Record<string, number>>, id: string, percent: number): Record<string, number> {
  const wanted = Math.min(100, Math.max(0, Math.round(percent)));
  const others = Object.entries(weights).filter(([other]) => other !== id);
  const sum = others.reduce((total, [, weight]) => total + weight, 0);
  const left = 100 - wanted;
  const shared = others.map(([other, weight]): [string, number] => [
    other,
    Math.floor(sum > 0 ? (weight / sum) * left : left / others.length),
  ]);
  const largest = shared.reduce((best, entry) => (entry[1] > best[1] ? entry : best), shared[0] ?? ['', 0]);
  largest[1] += left - shared.reduce((total, [, weight]) => total + weight, 0);
  return Object.fromEntries([[id, wanted / 100], ...shared.map(([other, weight]) => [other, weight / 100])]);
}
