import { describe, expect, it } from 'vitest';
import { Formats, type LanguageCode } from './format';
import type { Format } from './message';

function check(
  language: LanguageCode,
  value: number,
  format: Exclude<Format, 'text'>,
  expected: string,
  currency = 'EUR',
) {
  const text = new Formats(language, currency).write(value, format);
  expect(text.replaceAll(/[\u00a0\u202f]/g, ' '), `${value} as ${format} in ${language}`).toBe(expected);
}

describe('formats', () => {
  it('write shares with as many digits as they need', () => {
    check('en', 0.15, 'percent', '15%');
    check('en', 0.1499, 'percent', '15.0%');
    check('fr', 0.123, 'percent', '12,3 %');
    check('ru', 0.0007, 'percent', '0,07 %');
    check('en', 0, 'percent', '0%');
    check('en', 1, 'percent', '100%');
    check('en', 0.000_01, 'percent', '< 0.01%');
    check('ru', 0.000_01, 'percent', '< 0,01 %');
  });

  it('write minor units of the currency', () => {
    check('en', 1999, 'money', '€19.99');
    check('en', 1_240_000, 'money', '€12,400');
    check('fr', 1_240_000, 'money', '12 400 €');
    check('ru', -250, 'money', '-2,50 €');
    check('en', 0, 'money', '€0');
    check('en', 1200, 'money', '¥1,200', 'JPY');
  });

  it('write quotients with two digits that say something', () => {
    check('en', 5 / 3, 'decimal', '1.67');
    check('en', 0.4, 'decimal', '0.40');
    check('en', 5, 'decimal', '5');
    check('en', 0.00212, 'decimal', '0.0021');
    check('fr', -0.94, 'decimal', '-0,94');
  });

  it('write points with their sign and distances without', () => {
    check('en', 0.118, 'points', '+11.8 pt');
    check('ru', -0.05, 'points', '-5 п. п.');
    check('en', -0.05, 'distance', '5 pt');
  });

  it('write numbers whole unless they are small estimates', () => {
    check('en', 8204, 'number', '8,204');
    check('en', 36.4, 'number', '36');
    check('en', 2.345, 'number', '2.3');
  });

  it('write days in the zone of the organisation', () => {
    const newYear = Date.UTC(2026, 0, 1, 0, 30) * 1000;
    const formats = new Formats('en', 'EUR');
    expect(formats.day(newYear, 'Europe/Paris')).toBe('1 Jan 2026');
    expect(formats.day(newYear, 'America/New_York')).toBe('31 Dec 2025');
  });
});
