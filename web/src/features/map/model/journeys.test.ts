import { describe, expect, it } from 'vitest';
import { roleIn, type Flow } from './journeys';

describe('journeys', () => {
  const flow: Flow = {
    sequence: [
      { step: { touchpoint: 'advert' } },
      {
        choice: [
          { step: { touchpoint: 'shop' } },
          { optional: { step: { touchpoint: 'chat', instead: ['phone', 'shop'] } } },
        ],
      },
      { loop: { parallel: [{ step: { touchpoint: 'mail' } }] } },
    ],
  };

  it('finds a touchpoint however deep it stands', () => {
    for (const id of ['advert', 'shop', 'chat', 'mail']) expect(roleIn(flow, id), id).toBe('step');
  });

  it('tells a substitute from a step, and either from what is not named', () => {
    expect(roleIn(flow, 'phone')).toBe('instead');
    expect(roleIn(flow, 'letter')).toBeNull();
  });
});
