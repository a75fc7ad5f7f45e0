import { describe, expect, it } from 'vitest';
import { Formats } from './format';
import { fill, needs, parse, pluralForms } from './message';

const en = new Formats('en', 'EUR');
const ru = new Formats('ru', 'EUR');

function check(sentence: string, values: Record<string, string | number>, expected: string, formats = en) {
  expect(fill(sentence, values, formats)).toBe(expected);
}

describe('sentences', () => {
  it('put values in, in their formats', () => {
    check('{name} costs {cost, money}', { name: 'Post', cost: 123_456 }, 'Post costs €1,235');
    check('{share, percent}', { share: 0.123 }, '12.3%');
    check('{lift, points} and {lift, distance}', { lift: 0.124 }, '+12.4\u00a0pt and 12.4\u00a0pt');
    check('{ratio, decimal}', { ratio: 5 / 3 }, '1.67');
    check('{a}{b}', { a: 1, b: 'x' }, '1x');
  });

  it('say an unknown value as a dash, not as nought', () => check('{cost, money}', {}, '–'));

  it('pick the plural form of the number as it is written', () => {
    const people = '{n, plural, one {# person} other {# people}}';
    check(people, { n: 1 }, '1 person');
    check(people, { n: 1204 }, '1,204 people');
    const russian = '{n, plural, one {# день} few {# дня} many {# дней} other {# дня}}';
    for (const [n, text] of [
      [1, '1 день'],
      [3, '3 дня'],
      [5, '5 дней'],
      [11, '11 дней'],
      [21, '21 день'],
      [1.5, '1,5 дня'],
      [36.4, '36 дней'],
    ] as const) {
      check(russian, { n }, text, ru);
    }
  });

  it('leave a # outside of plural forms as it stands', () => {
    check('#token={n}, {n, plural, one {# link} other {# links}}', { n: 2 }, '#token=2, 2 links');
  });

  it('nest values inside plural forms', () => {
    check('{n, plural, one {# of {all, number}} other {# of {all, number}}}', { n: 2, all: 28 }, '2 of 28');
  });

  it('tell what they need', () => {
    const sentence = '{n, plural, one {# in {place}} other {# in {place}}} for {cost, money}';
    expect(needs(sentence)).toEqual(['cost:money', 'n:plural', 'place:text']);
    expect(pluralForms(sentence)).toEqual([['one', 'other']]);
  });

  it('refuse mistakes', () => {
    for (const wrong of [
      '{',
      '}',
      '{a, colour}',
      '{n, plural, one {#}}',
      '{n, plural, one {#} other {#}',
      '{n, select}',
    ]) {
      expect(() => parse(wrong), wrong).toThrow();
    }
  });
});
