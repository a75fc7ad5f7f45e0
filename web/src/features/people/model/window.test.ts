import { describe, expect, it } from 'vitest';
import { drawn, pageSize, pagesOf } from './window';

describe('drawn', () => {
  it('is what is seen and a little more', () => {
    expect(drawn(0, 480, 48, 100_000)).toEqual({ first: 0, last: 22 });
    expect(drawn(48 * 50_000, 480, 48, 100_000)).toEqual({ first: 49_988, last: 50_022 });
    expect(drawn(48 * 100_000, 480, 48, 100_000)).toEqual({ first: 99_988, last: 100_000 });
    expect(drawn(9_999, 480, 48, 3)).toEqual({ first: 3, last: 3 });
    expect(drawn(0, 480, 48, 0)).toEqual({ first: 0, last: 0 });
  });
});

describe('pagesOf', () => {
  it('are whole pages', () => {
    expect(pagesOf(0, 22)).toEqual([0]);
    expect(pagesOf(pageSize - 1, pageSize + 1)).toEqual([0, pageSize]);
    expect(pagesOf(250, 250)).toEqual([]);
  });
});
