import { describe, expect, it } from 'vitest';
import type { Because, KnownName } from '../api';
import { layOut } from './ties';

const name = (actor: string): KnownName => ({ actor, namespace: 'email', value: `${actor}@example.org` });
const fact = (from: string, to: string): Because => ({
  from: name(from),
  to: name(to),
  link: 'together',
  at: 1,
  is_decided: false,
});

describe('layOut', () => {
  it('hangs every name once below the one that it came by', () => {
    const laid = layOut(['a', 'b', 'c', 'd'].map(name), [fact('a', 'c'), fact('b', 'c'), fact('c', 'a')]);
    expect(laid.map((one) => [one.name.actor, one.depth, one.parent])).toEqual([
      ['a', 0, -1],
      ['c', 1, 0],
      ['b', 2, 1],
      ['d', 0, -1],
    ]);
  });

  it('survives nothing', () => expect(layOut([], [])).toEqual([]));
});
