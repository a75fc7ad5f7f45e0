import { describe, expect, it } from 'vitest';
import { compare, readSnapshot } from './since';

const before = { at: 1, people: 10, interactions: 40, outcomes: 3, verdicts: { ads: 'neutral', mail: 'wasted' } };

describe('since the last visit', () => {
  it('counts what came and names verdicts that turned', () => {
    const now = {
      at: 2,
      people: 12,
      interactions: 45,
      outcomes: 3,
      verdicts: { ads: 'effective', mail: 'wasted', new: 'dark' },
    };
    expect(compare(before, now)).toEqual({
      people: 2,
      interactions: 5,
      outcomes: 0,
      turned: [{ touchpoint: 'ads', before: 'neutral', now: 'effective' }],
    });
  });

  it('reads only what it wrote', () => {
    expect(readSnapshot(JSON.stringify(before))).toEqual(before);
    for (const bad of [null, '', '{', '{}', '[]', '{"at":"x"}', 'null']) expect(readSnapshot(bad)).toBeNull();
  });
});
