// Numbers in fields: written with the decimal sign of the language, read with either.
import type { LanguageCode } from '../../../app/i18n/format';

/** Writes a number for a field, without signs between thousands: what is typed has none either. */
export function writeNumber(value: number, language: LanguageCode): string {
  return new Intl.NumberFormat(language, { useGrouping: false, maximumFractionDigits: 6 }).format(value);
}

/** Reads a number from a field: an empty one is nought, what is below nought or no number is null. */
export function readNumber(text: string): number | null {
  const value = Number(text.replaceAll(/\s/g, '').replace(',', '.'));
  return Number.isFinite(value) && value >= 0 ? value : null;
}
