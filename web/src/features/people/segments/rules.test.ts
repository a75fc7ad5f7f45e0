import { describe, expect, test } from 'vitest';
import { asking, bound, fresh, isWhole, read, write, type Rule } from './rules';

describe('the rule of a segment', () => {
  const names = { outcome: 'purchase', stage: 'aware' };

  test('what is read is written the same', () => {
    const nested = { any: { of: [{ stage: { stage: 'buys' } }, { all: { of: [{ worth: { min: 5 } }] } }] } } as Rule;
    const rules: Rule[] = [
      { everybody: {} },
      { stage: { stage: 'buys' } },
      { not: { of: { last_seen: { min: 90 } } } } as Rule,
      { all: { of: [{ met: { channel: 'web', min: 2 } }, { not: { of: { worth: { min: 5 } } } }] } } as Rule,
      nested,
      { all: { of: [nested] } } as Rule,
    ];
    for (const rule of rules) expect(write(read(rule))).toEqual(rule);
  });

  test('older conditions become those that are offered', () => {
    expect(write(read({ touched: { touchpoint: 'till' } }))).toEqual({ met: { touchpoint: 'till', min: 1 } });
    expect(write(read({ interactions: { min: 3 } }))).toEqual({ met: { min: 3 } });
    expect(read({ not: { of: { not: { of: { worth: { min: 1 } } } } } } as Rule).parts).toEqual([
      { not: false, rule: { worth: { min: 1 } } },
    ]);
  });

  test('any of no condition is everybody, not nobody', () => {
    expect(write({ every: false, parts: [] })).toEqual({ everybody: {} });
  });

  test('a bound that is taken away is asked for no more', () => {
    expect(asking({ met: { min: 1, max: 3 } }, { max: undefined, channel: 'web' })).toEqual({
      met: { min: 1, channel: 'web' },
    });
  });

  test('a trait without a name is not counted yet', () => {
    expect(isWhole(fresh('trait', names))).toBe(false);
    expect(isWhole({ trait: { key: 'plan', is: 'gold' } })).toBe(true);
    expect(isWhole(fresh('outcomes', names))).toBe(true);
  });

  test('numbers are read as they are typed', () => {
    expect([bound('3'), bound(''), bound('x'), bound('-1'), bound('12,5', 100)]).toEqual([
      3,
      undefined,
      undefined,
      undefined,
      1250,
    ]);
  });
});
