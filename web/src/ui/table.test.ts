import { describe, expect, it } from 'vitest';
import { sorted } from './table';

describe('rows', () => {
  it('are sorted as people count, the unknown last either way', () => {
    const rows = ['shop 10', null, 'Shop 2', 'café'];
    expect(sorted(rows, (row) => row, false)).toEqual(['café', 'Shop 2', 'shop 10', null]);
    expect(sorted(rows, (row) => row, true)).toEqual(['shop 10', 'Shop 2', 'café', null]);
    expect(sorted([3, 20, 1], (row) => row, true)).toEqual([20, 3, 1]);
  });
});
