import { describe, expect, it } from 'vitest';
import { split, writeSpan } from './span';

const [minute, hour, day] = [60, 3600, 86_400];

describe('stretches of time', () => {
  it('are split into the units that say something', () => {
    expect(split(45)).toEqual([['seconds', 45]]);
    expect(split(90)).toEqual([
      ['minutes', 1],
      ['seconds', 30],
    ]);
    expect(split(35.4 * minute)).toEqual([['minutes', 35]]);
    expect(split(hour)).toEqual([['hours', 1]]);
    expect(split(33.35 * hour)).toEqual([
      ['hours', 33],
      ['minutes', 21],
    ]);
    expect(split(12.25 * day)).toEqual([
      ['days', 12],
      ['hours', 6],
    ]);
    expect(split(73.4 * day)).toEqual([['days', 73]]);
  });

  it('carry over what is rounded up', () => {
    expect(split(10 * minute - 0.2)).toEqual([['minutes', 10]]);
    expect(split(5 * hour - 1)).toEqual([['hours', 5]]);
    expect(split(3 * day - 60)).toEqual([['days', 3]]);
    expect(split(0)).toEqual([['seconds', 0]]);
  });

  it('are written without a break inside', () => {
    expect(writeSpan(33.35 * hour)).toBe('33\u00a0h\u00a021\u00a0min');
  });
});
