import { describe, expect, it } from 'vitest';
import { turnOf } from './near';

const waiting = (...entries: [string, boolean, number][]) =>
  new Map(entries.map(([name, isNear, away]) => [name, { isNear, away }]));

describe('whose turn it is to be drawn', () => {
  it('is two at a time, the nearest first', () => {
    expect(turnOf(waiting(['far', true, 900], ['near', true, 40], ['nearer', true, 10]))).toEqual(['nearer', 'near']);
  });

  it('is everything that is on the screen already', () => {
    const here = waiting(['a', true, 0], ['b', true, 0], ['c', true, 0], ['below', true, 5]);
    expect(turnOf(here)).toEqual(['a', 'b', 'c']);
  });

  it('is for what has gone only when nothing comes', () => {
    expect(turnOf(waiting(['gone', false, 2000], ['comes', true, 300]))).toEqual(['comes']);
    expect(turnOf(waiting(['gone', false, 2000]))).toEqual(['gone']);
    expect(turnOf(waiting())).toEqual([]);
  });
});
