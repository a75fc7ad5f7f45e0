import { describe, expect, it } from 'vitest';
import type { BudgetItem, SpendResponse } from '../api';
import { curveOf, itemValue, marginalOf, stepOf, topOf, valueOf } from './response';

const responses: SpendResponse[] = [
  { exponential: { top: 100, rate: 0.001 } },
  { logistic: { top: 60, rate: 0.002 } },
  { hill: { top: 10, slope: 3, half: 700 } },
  { hill: { top: 10, slope: 1, half: 700 } },
];

describe('responses', () => {
  it('are those of M22', () => {
    expect(valueOf(responses[0] as SpendResponse, 1272.56)).toBeCloseTo(71.99, 2);
    expect(marginalOf(responses[0] as SpendResponse, 1272.56)).toBeCloseTo(0.028011, 6);
    expect(valueOf({ hill: { top: 10, slope: 3, half: 7 } }, 7)).toBe(5);
  });

  it('have the slope that they say', () => {
    for (const response of responses) {
      for (const x of [10, 500, 2000]) {
        const step = x * 1e-6;
        const slope = (valueOf(response, x + step) - valueOf(response, x - step)) / (2 * step);
        expect(marginalOf(response, x)).toBeCloseTo(slope, 6);
      }
      expect(valueOf(response, 0)).toBeCloseTo(0, 12);
      expect(marginalOf(response, 0)).not.toBeNaN();
    }
  });

  it('are the mean over what is possible', () => {
    const [one, other] = [responses[0] as SpendResponse, responses[1] as SpendResponse];
    const item = { id: 'a', response: one, draws: [one, other] };
    expect(itemValue(item, 500)).toBeCloseTo((valueOf(one, 500) + valueOf(other, 500)) / 2, 9);
    expect(curveOf(item, 100, 4).map((point) => point.x)).toEqual([0, 6.25, 25, 56.25, 100]);
  });

  it('share one scale, on which the largest can be raised and the smallest be set', () => {
    const [large, small] = [1_360_000, 1_533].map((today) => ({
      id: 'a',
      response: responses[0] as SpendResponse,
      today,
    })) as [BudgetItem, BudgetItem];
    const top = topOf([large, small], [1_632_000, 1_840], 4_078_000);
    expect(top).toBe(2_040_000);
    expect(topOf([large, small], [1e12, 1_840], 4_078_000)).toBe(4_078_000);
    expect(topOf([large], [0], 0)).toBe(1_700_000);
    expect(topOf([], [], 0)).toBe(100);
    expect([stepOf(large, top), stepOf(small, top), stepOf({ ...small, today: 0 }, top)]).toEqual([5_100, 31, 5_100]);
    expect(stepOf({ ...small, today: 20 }, top)).toBe(1);
  });
});
