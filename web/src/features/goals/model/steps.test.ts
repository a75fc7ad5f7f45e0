import { describe, expect, it } from 'vitest';
import type { Setup } from '../api';
import { nothing } from '../api';
import { aimsOf, isDone, nextStep, put, stepOf } from './steps';

describe('steps', () => {
  it('begin with the business and end with the map', () => {
    expect(nextStep(nothing, null)).toBe('business');
    const told: Setup = {
      ...nothing,
      business: 'shop',
      ecosystem: { ...nothing.ecosystem, skipped: true },
      objectives: [{ kind: 'cost', text: 'Answer once' }],
      segments: [{ id: 'all' }],
      answers: [{ touchpoint: 'shop-window', accepted: true }],
    };
    expect(nextStep(told, null)).toBe('map');
    expect(nextStep({ ...told, ecosystem: nothing.ecosystem }, null)).toBe('ecosystem');
    expect(isDone('objectives', { ...nothing, objectives: [{ kind: 'cost', text: ' ' }] }, null)).toBe(false);
  });

  it('begin with what the map serves already, until something else is told', () => {
    const map = { objectives: [{ id: 'a', kind: 'revenue' as const, text: 'Sell more' }] };
    expect(aimsOf(nothing, map)).toEqual([{ kind: 'revenue', text: 'Sell more' }]);
    const told = { ...nothing, objectives: [{ kind: 'cost' as const, text: 'Answer once' }] };
    expect(aimsOf(told, map)).toEqual(told.objectives);
    expect(aimsOf(nothing, null)).toEqual([]);
    expect(nextStep({ ...nothing, ecosystem: { ...nothing.ecosystem, skipped: true } }, map)).toBe('map');
  });

  it('are read from the address, and a wrong one is none', () => {
    expect(stepOf('segments', 'business')).toBe('segments');
    expect(stepOf('nowhere', 'business')).toBe('business');
  });

  it('put an entry in place of the one with its key', () => {
    const key = (entry: { id: string }) => entry.id;
    expect(put([{ id: 'a', n: 1 }], { id: 'a', n: 2 }, key)).toEqual([{ id: 'a', n: 2 }]);
    expect(put([{ id: 'a', n: 1 }], { id: 'b', n: 2 }, key)).toHaveLength(2);
  });
});
