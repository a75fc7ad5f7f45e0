import { describe, expect, it } from 'vitest';
import { readLimit } from './watch';

describe('limits', () => {
  it('are read as people write them', () => {
    expect(readLimit('12,5', 'conversion', 100)).toBe(0.125);
    expect(readLimit('5 %', 'satisfaction', 100)).toBe(0.05);
    expect(readLimit('1 200', 'people', 100)).toBe(1200);
    expect(readLimit('9.99', 'cost_per_outcome', 100)).toBe(999);
    expect(readLimit('500', 'cost', 1)).toBe(500);
    expect(readLimit('−0.5', 'roi', 100)).toBe(-0.5);
  });

  it('that are none are refused', () => {
    for (const text of ['', 'many', '1.2.3', '1e9']) expect(readLimit(text, 'people', 100)).toBeNull();
  });
});
