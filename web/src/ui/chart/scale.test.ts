import { describe, expect, it } from 'vitest';
import { band, bandPath, linePath, linear, logarithmic, stack, ticks } from './scale';

describe('scales', () => {
  it('place numbers and give round ticks', () => {
    const scale = linear([0, 9.3], [0, 100], true);
    expect(scale.domain).toEqual([0, 10]);
    expect(scale(5)).toBe(50);
    expect(scale.ticks()).toEqual([0, 2, 4, 6, 8, 10]);
    expect(ticks(0, 0.5, 5)).toEqual([0, 0.1, 0.2, 0.3, 0.4, 0.5]);
    expect(ticks(-1, 1, 4)).toEqual([-1, -0.5, 0, 0.5, 1]);
  });

  it('never divide by nothing', () => {
    expect(linear([0, 0], [0, 10])(0)).toBe(0);
    expect(linear([7, 7], [0, 10])(7)).toBe(10);
    expect(Number.isFinite(linear([Number.NaN, 3], [0, 10])(1))).toBe(true);
    expect(band(0, [0, 10]).width).toBeGreaterThan(0);
  });

  it('grow by factors where that is wanted', () => {
    const scale = logarithmic([1, 1000], [0, 300]);
    expect([1, 10, 100, 1000].map((value) => Math.round(scale(value)))).toEqual([0, 100, 200, 300]);
    expect(scale(0)).toBe(0);
    expect(Number.isFinite(logarithmic([60, 60], [0, 10])(60))).toBe(true);
  });

  it('leave a gap where nothing is known', () => {
    expect(
      linePath([
        [0, 1],
        [1, null],
        [2, 3],
      ]),
    ).toBe('M0.0 1.0M2.0 3.0');
    expect(
      bandPath([
        [0, 1, 2],
        [1, null, null],
        [2, 3, 4],
      ]),
    ).toBe('');
  });

  it('stack to scale', () => {
    expect(stack([1, 3], 46, 6)).toEqual([
      { top: 0, height: 10 },
      { top: 16, height: 30 },
    ]);
    expect(stack([0, 0], 46, 6).map((place) => place.height)).toEqual([0, 0]);
  });
});
