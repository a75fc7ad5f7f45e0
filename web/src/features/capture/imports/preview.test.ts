import { describe, expect, it } from 'vitest';
import { amountIn, microsOf, nameIn } from './preview';

describe('the preview of an import', () => {
  it('reads moments', () => {
    expect(microsOf('2025-02-03T00:00:00Z')).toBe(1_738_540_800_000_000);
    expect(microsOf('')).toBeNull();
  });

  it('writes amounts in the language, with the digits of the currency', () => {
    const plain = (locale: string, text: string) => amountIn(locale, text).replaceAll(/\s/g, ' ');
    expect(plain('en', '1250.50 EUR')).toBe('EUR 1,250.50');
    expect(plain('fr', '1250.50 EUR')).toBe('1 250,50 EUR');
    expect(plain('ru', '-12.50 RUB')).toBe('-12,50 RUB');
    expect(plain('en', '900 JPY')).toBe('JPY 900');
    expect(plain('en', 'much')).toBe('much');
  });

  it('divides names', () => {
    expect(nameIn('email:ad…')).toEqual({ kind: 'email', shown: 'ad…' });
    expect(nameIn('url:ht:…')).toEqual({ kind: 'url', shown: 'ht:…' });
    expect(nameIn('ad…')).toEqual({ kind: '', shown: 'ad…' });
  });
});
