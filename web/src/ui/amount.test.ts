import { describe, expect, it } from 'vitest';
import { fromField, inField } from './amount';

function check(currency: string, minor: number, text: string) {
  expect(inField(minor, currency), currency).toBe(text);
  expect(fromField(text, currency), currency).toBe(Math.round(minor));
}

describe('an amount in a field', () => {
  it('has the digits of its currency', () => {
    check('EUR', 125_050, '1250.50');
    check('EUR', 125_000, '1250.00');
    check('EUR', 1250.4, '12.50');
    check('JPY', 1250, '1250');
    check('KWD', 1_250_500, '1250.500');
    check('EUR', 0, '0.00');
  });

  it('is nought where nothing sensible is typed', () => {
    for (const odd of ['', 'much', '-5', '.']) expect(fromField(odd, 'EUR'), odd).toBe(0);
    expect(fromField('12,5', 'EUR')).toBe(1250);
  });
});
