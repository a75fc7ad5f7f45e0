import { describe, expect, it } from 'vitest';
import type { SpendResponse } from '../api';
import { curveOf, itemValue, marginalOf, valueOf } from './response';

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
    expect(curveOf(item, 100, 4).map((point) => point.x)).toEqual([0, 25, 50, 75, 100]);
  });
});
