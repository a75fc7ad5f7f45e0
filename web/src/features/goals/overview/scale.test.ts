import { describe, expect, it } from 'vitest';
import { depthOf, scaleOf } from './scale';

describe('the height of a line', () => {
  it('is that of its values and the target, with a little room', () => {
    const scale = scaleOf([0.84, 0.79], 0.8);
    expect(scale.bottom).toBeCloseTo(0.785);
    expect(scale.top).toBeCloseTo(0.845);
    expect(depthOf(0.84, scale)).toBeCloseTo(1 / 12);
    expect(depthOf(0.79, scale)).toBeCloseTo(11 / 12);
  });
  it('holds a target far from the values', () => {
    const scale = scaleOf([2], 12);
    expect(depthOf(12, scale)).toBeGreaterThan(0);
    expect(depthOf(2, scale)).toBeLessThan(1);
  });
  it('puts a line on which all is the same into the middle', () => {
    expect(depthOf(5, scaleOf([5, 5], 5))).toBeCloseTo(0.5);
    expect(depthOf(0, scaleOf([0], 0))).toBeCloseTo(0.5);
  });
  it('cuts off what reaches beyond', () => {
    const scale = scaleOf([0.5], 0.6);
    expect(depthOf(3, scale)).toBe(0);
    expect(depthOf(-3, scale)).toBe(1);
  });
});
