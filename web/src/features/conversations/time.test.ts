import { describe, expect, it } from 'vitest';
import { left, moments, span, written } from './time';

describe('spans', () => {
  it('are told in the unit that fits', () => {
    expect(span(30e6)).toEqual({ value: 1, unit: 'minute' });
    expect(span(59 * 60e6)).toEqual({ value: 59, unit: 'minute' });
    expect(span(90 * 60e6)).toEqual({ value: 2, unit: 'hour' });
    expect(span(72 * 3600e6)).toEqual({ value: 3, unit: 'day' });
    expect(written(5 * 60e6, 'en-GB')).toBe('5 mins');
  });

  it('thin as the time to answer runs out', () => {
    expect(left(0, 100, 0)).toBe(1);
    expect(left(0, 100, 75)).toBe(0.25);
    expect(left(0, 100, 150)).toBe(-0.5);
    expect(left(100, 100, 100)).toBe(-1);
  });
});

describe('sleep', () => {
  it('ends in the morning', () => {
    // A Wednesday.
    const { tomorrow, monday } = moments(new Date(2026, 10, 25, 15));
    expect(new Date(tomorrow / 1000)).toEqual(new Date(2026, 10, 26, 9));
    expect(new Date(monday / 1000)).toEqual(new Date(2026, 10, 30, 9));
  });

  it('from a Monday ends on the next one', () => {
    expect(new Date(moments(new Date(2026, 10, 30, 8)).monday / 1000)).toEqual(new Date(2026, 11, 7, 9));
    expect(new Date(moments(new Date(2026, 10, 29, 8)).monday / 1000)).toEqual(new Date(2026, 10, 30, 9));
  });
});
