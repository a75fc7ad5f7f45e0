// Writes numbers, money, shares and dates in a language. Shares are between 0 and 1, money is in minor units.
import type { Format, Writer } from './message';

/** The languages of the product. */
export type LanguageCode = 'en' | 'fr' | 'ru';

/** The short word for percentage points, which `Intl` does not know. */
const pointsWord: Record<LanguageCode, string> = { en: 'pt', fr: 'pt', ru: 'п.\u00a0п.' };

/** British forms, so that English dates cannot be misread: 3 May, not 5/3. */
const locales: Record<LanguageCode, string> = { en: 'en-GB', fr: 'fr-FR', ru: 'ru-RU' };

/** Writes figures in one language and one currency. */
export class Formats implements Writer {
  private readonly rules: Intl.PluralRules;
  private readonly made = new Map<string, Intl.NumberFormat>();
  private readonly dates = new Map<string, Intl.DateTimeFormat>();
  private minor: number | null = null;

  constructor(
    readonly language: LanguageCode,
    readonly currency: string,
  ) {
    this.rules = new Intl.PluralRules(locales[language]);
  }

  /** Picks the plural form of a number as it is written: 36.4 is written 36, so it is 36 things. */
  plural(value: number): Intl.LDMLPluralRule {
    return this.rules.select(Number(value.toFixed(numberDigits(value))));
  }

  write(value: number, format: Exclude<Format, 'text'>): string {
    switch (format) {
      case 'number':
        return this.number({ maximumFractionDigits: numberDigits(value) }, value);
      case 'decimal':
        return this.number(decimalDigits(value), value);
      case 'percent': {
        // What is there is not nought, however little it is.
        if (value > 0 && value < 0.000_05) return `< ${this.write(0.000_1, 'percent')}`;
        const digits = shareDigits(value);
        return this.number({ style: 'percent', minimumFractionDigits: digits, maximumFractionDigits: digits }, value);
      }
      case 'points':
        return this.points({ signDisplay: 'exceptZero' }, value);
      case 'distance':
        return this.points({ signDisplay: 'never' }, value);
      case 'money':
        return this.money(value);
    }
  }

  /** Writes a difference of two shares in percentage points. */
  private points(sign: Intl.NumberFormatOptions, value: number): string {
    return `${this.number({ ...sign, maximumFractionDigits: 1 }, value * 100)}\u00a0${pointsWord[this.language]}`;
  }

  /** Writes minor units of the currency: cents matter below a hundred, not above. */
  private money(minor: number): string {
    this.minor ??=
      new Intl.NumberFormat('en', { style: 'currency', currency: this.currency }).resolvedOptions()
        .maximumFractionDigits ?? 2;
    const major = minor / 10 ** this.minor;
    const fraction = major !== 0 && Math.abs(major) < 100 ? this.minor : 0;
    const style = { style: 'currency', currency: this.currency, currencyDisplay: 'narrowSymbol' } as const;
    return this.number({ ...style, minimumFractionDigits: fraction, maximumFractionDigits: fraction }, major);
  }

  /** Writes a large number in few signs: 12.4 k. For chips, where the full number is one click away. */
  compact(value: number): string {
    return this.number({ notation: 'compact', maximumFractionDigits: Math.abs(value) < 1000 ? 0 : 1 }, value);
  }

  /** Writes a day in the organisation's time zone, from UTC microseconds. */
  day(micros: number, timeZone: string): string {
    return this.date({ dateStyle: 'medium', timeZone }, micros);
  }

  /** Writes a day and time in the organisation's time zone, from UTC microseconds. */
  moment(micros: number, timeZone: string): string {
    return this.date({ dateStyle: 'medium', timeStyle: 'short', timeZone }, micros);
  }

  private date(options: Intl.DateTimeFormatOptions, micros: number): string {
    const key = JSON.stringify(options);
    let format = this.dates.get(key);
    // Making one costs a thousand times what using it does, and a list writes hundreds of days.
    if (!format) this.dates.set(key, (format = new Intl.DateTimeFormat(locales[this.language], options)));
    return format.format(new Date(micros / 1000));
  }

  private number(options: Intl.NumberFormatOptions, value: number): string {
    const key = JSON.stringify(options);
    let format = this.made.get(key);
    if (!format) this.made.set(key, (format = new Intl.NumberFormat(locales[this.language], options)));
    return format.format(value);
  }
}

/** A number of things is whole, unless it is small and an estimate. */
function numberDigits(value: number): number {
  return Math.abs(value) < 10 && !Number.isInteger(value) ? 1 : 0;
}

/** Two digits after the point, but two that say something where the number is small: p is 0.0021, not 0. */
function decimalDigits(value: number): Intl.NumberFormatOptions {
  if (value !== 0 && Math.abs(value) < 0.1) return { maximumSignificantDigits: 2 };
  const digits = Number.isInteger(value) ? 0 : 2;
  return { minimumFractionDigits: digits, maximumFractionDigits: digits };
}

/** Whole per cents stay whole; others get one digit, small ones two, so that figures in a column line up. */
function shareDigits(value: number): number {
  const percent = Math.abs(value) * 100;
  if (Math.abs(percent - Math.round(percent)) < 1e-9 || percent >= 99.95) return 0;
  return percent >= 1 ? 1 : 2;
}
