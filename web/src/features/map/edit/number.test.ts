import { expect, it } from 'vitest';
import { readNumber, writeNumber } from './number';

it('writes numbers for fields as the language does', () => {
  expect(writeNumber(0.04, 'en')).toBe('0.04');
  expect(writeNumber(0.04, 'fr')).toBe('0,04');
  expect(writeNumber(12_500.5, 'ru')).toBe('12500,5');
});

it('reads what it wrote, and what people type', () => {
  for (const language of ['en', 'fr', 'ru'] as const) expect(readNumber(writeNumber(1234.56, language))).toBe(1234.56);
  expect(readNumber('1 000,5')).toBe(1000.5);
  expect(readNumber('0.04')).toBe(0.04);
  expect(readNumber('')).toBe(0);
  expect(readNumber('-3')).toBeNull();
  expect(readNumber('many')).toBeNull();
});
