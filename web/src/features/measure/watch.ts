// The numbers that can be watched, and the limits as people write them: shares in per cent, money in major units.
import type { AlertNumber } from './api';

/** Of everything together. */
export const ofAll = [
  'people',
  'interactions',
  'outcomes',
  'value',
  'cost',
  'conversion',
  'unmapped',
  'complaints',
] as const;
/** Of one touchpoint. */
export const ofOne = [
  'people',
  'interactions',
  'cost',
  'conversion',
  'cost_per_outcome',
  'roi',
  'satisfaction',
  'lift',
  'in_time',
  'answered',
  'complaints',
] as const;
/** What complaints are about. */
export const themes = [
  'price',
  'delivery',
  'staff',
  'quality',
  'waiting',
  'ease',
  'site',
  'payment',
  'returns',
  'information',
  'fit',
  'place',
] as const;
/** Written as shares. */
const shares: readonly AlertNumber[] = ['conversion', 'satisfaction', 'lift', 'in_time', 'answered', 'complaints'];

/** How a number is written: in units of so many thousandths, hundredths, or as it is. */
export function kindOf(number: AlertNumber): 'money' | 'percent' | 'number' {
  if (number === 'value' || number === 'cost' || number === 'cost_per_outcome') return 'money';
  return shares.includes(number) ? 'percent' : 'number';
}

/** Reads a limit as somebody writes it, with a comma or a point; null where it is none. `minor`: minor units in a major one. */
export function readLimit(text: string, number: AlertNumber, minor: number): number | null {
  return readNumber(text, kindOf(number), minor);
}

/** Reads a number of a kind as somebody writes it; null where it is none. */
export function readNumber(text: string, kind: 'money' | 'percent' | 'number', minor: number): number | null {
  const plain = text.replace(/[\s\u00a0\u202f%]/g, '').replace(',', '.');
  if (!/^[-−]?\d+(\.\d+)?$/.test(plain)) return null;
  const value = Number(plain.replace('−', '-'));
  return kind === 'money' ? Math.round(value * minor) : kind === 'percent' ? value / 100 : value;
}
