import { describe, expect, it } from 'vitest';
import type { AttributionAnswer } from './api';
import { byOwner, modelOf, ranked } from './models';

const credit = (model: string, outcomes: number, value: number | null) => ({ model, outcomes, value });
const answer = {
  units: [
    { id: 'ads', cost: 100, credits: [credit('first', 3, 300), credit('markov_1', 1, 100)] },
    { id: 'mail', cost: 0, credits: [credit('first', 1, 100), credit('markov_1', 3, 300)] },
    { id: 'till', cost: 50, credits: [credit('first', 0, 0), credit('markov_1', 0, 0)] },
  ],
} as unknown as AttributionAnswer;

describe('the models', () => {
  it('are chosen by the address, else the exact one', () => {
    expect(modelOf(new URLSearchParams('model=first'), answer)).toBe('first');
    expect(modelOf(new URLSearchParams('model=none'), answer)).toBe('markov_1');
    expect(modelOf(new URLSearchParams(), { units: [] } as unknown as AttributionAnswer)).toBeNull();
  });

  it('rank what has credit, the largest first', () => {
    expect(ranked(answer, 'markov_1').map(({ unit }) => unit.id)).toEqual(['mail', 'ads']);
  });

  it('sum to owners, whose return is unknown without cost', () => {
    const owner = (id: string) => (id === 'mail' ? 'Ana' : null);
    expect(byOwner(answer, 'first', owner)).toEqual([
      { owner: null, touchpoints: 2, cost: 150, outcomes: 3, value: 300, roi: 1 },
      { owner: 'Ana', touchpoints: 1, cost: 0, outcomes: 1, value: 100, roi: null },
    ]);
  });
});
