import { describe, expect, it } from 'vitest';
import type { Setup } from '../api';
import { nothing } from '../api';
import { isDone, nextStep, put, stepOf } from './steps';

describe('steps', () => {
  it('begin with the business and end with the map', () => {
    expect(nextStep(nothing, false)).toBe('business');
    const told: Setup = {
      ...nothing,
      business: 'shop',
      ecosystem: { ...nothing.ecosystem, skipped: true },
      objectives: [{ kind: 'cost', text: 'Answer once' }],
      segments: [{ id: 'all' }],
      answers: [{ touchpoint: 'shop-window', accepted: true }],
    };
    expect(nextStep(told, false)).toBe('map');
    expect(nextStep({ ...told, ecosystem: nothing.ecosystem }, false)).toBe('ecosystem');
    expect(isDone('objectives', { ...nothing, objectives: [{ kind: 'cost', text: ' ' }] }, false)).toBe(false);
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
