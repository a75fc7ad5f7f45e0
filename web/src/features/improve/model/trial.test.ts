import { describe, expect, it } from 'vitest';
import type { SheetTrial } from '../api';
import { crowdOf } from './trial';

const link = (stage: string, people: number) => ({ stage, observed: { people, moved: 1 }, with: 0.5 });
const tried = (outcome_stage: string, chain = [link('aware', 900), link('buys', 120)]) =>
  ({ chain, outcome_stage }) as SheetTrial;

describe('the crowd of a trial', () => {
  it('begins in the first stage and says who was seen in that of the outcome', () => {
    expect(crowdOf(tried('buys'))).toEqual({ stage: 'aware', people: 900, seen: 120 });
  });

  it('knows nobody in a stage that the chain does not hold', () => {
    expect(crowdOf(tried('recommends'))?.seen).toBeNull();
    expect(crowdOf(tried('buys', []))).toBeNull();
  });
});
