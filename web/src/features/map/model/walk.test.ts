import { describe, expect, it } from 'vitest';
import { walk } from './walk';

const counts = [
  [2, 0, 1],
  [0, 3, 2],
];

function check(from: [number, number, number], key: string, to: [number, number, number] | null) {
  const [row, column, index] = from;
  const got = walk({ row, column, index }, key, counts);
  expect(got && [got.row, got.column, got.index], `${from.join()} ${key}`).toEqual(to);
}

describe('walking the grid', () => {
  it('goes down a cell and on into the next row', () => {
    check([0, 0, 0], 'ArrowDown', [0, 0, 1]);
    check([0, 0, 1], 'ArrowDown', null);
    check([0, 2, 0], 'ArrowDown', [1, 2, 0]);
  });

  it('goes up into the last chip of the row above', () => {
    check([1, 2, 1], 'ArrowUp', [1, 2, 0]);
    check([1, 2, 0], 'ArrowUp', [0, 2, 0]);
    check([1, 1, 0], 'ArrowUp', null);
  });

  it('leaps over empty cells and keeps the height', () => {
    check([0, 0, 1], 'ArrowRight', [0, 2, 0]);
    check([1, 1, 2], 'ArrowRight', [1, 2, 1]);
    check([0, 2, 0], 'ArrowLeft', [0, 0, 0]);
    check([0, 0, 0], 'ArrowLeft', null);
  });

  it('leaves other keys alone', () => check([0, 0, 0], 'Home', null));
});
