// Writes the figures of the server for people, and places them on a common scale. No figure is shown without a way
// to its interval, its base and its evidence.
import type { Figure, Unit } from '../app/api/types';
import type { Formats } from '../app/i18n/format';
import type { Format } from '../app/i18n/message';

const formats: Record<Unit, Exclude<Format, 'text'>> = {
  share: 'percent',
  points: 'points',
  money: 'money',
  count: 'number',
  ratio: 'decimal',
};

/** Writes a number of a unit; an unknown one is an en dash. */
export function write(value: number | null | undefined, unit: Unit, formats_: Formats): string {
  return value === null || value === undefined ? '–' : formats_.write(value, formats[unit]);
}

/** Writes the interval of a figure, or null where it has none. */
export function writeInterval(figure: Figure, formats_: Formats): string | null {
  if (!hasInterval(figure)) return null;
  return `${write(figure.low, figure.unit, formats_)} … ${write(figure.high, figure.unit, formats_)}`;
}

/** Tells whether a figure has both limits. */
export function hasInterval(figure: Pick<Figure, 'low' | 'high'>): boolean {
  return typeof figure.low === 'number' && typeof figure.high === 'number';
}

/** Makes a figure that was counted: it has no interval. */
export function counted(value: number, n: number, unit: Unit): Figure {
  return { value, low: null, high: null, n, evidence: 'E3', unit, method: '' };
}

/** A stretch of numbers that figures are drawn on together. */
export interface Scale {
  from: number;
  to: number;
}

/** Finds the stretch that holds all figures and zero, so that bars start at zero and lengths can be compared. */
export function scaleOf(figures: readonly Pick<Figure, 'value' | 'low' | 'high'>[]): Scale {
  const values = figures.flatMap((figure) => [figure.value, figure.low, figure.high]);
  const known = values.filter((value): value is number => typeof value === 'number' && Number.isFinite(value));
  const from = Math.min(0, ...known);
  const to = Math.max(0, ...known);
  return from === to ? { from: 0, to: 1 } : { from, to };
}

/** Places a value on a scale, in per cent of its length, kept inside it. */
export function placeOn(scale: Scale, value: number): number {
  const share = (value - scale.from) / (scale.to - scale.from);
  return Math.min(1, Math.max(0, share)) * 100;
}
