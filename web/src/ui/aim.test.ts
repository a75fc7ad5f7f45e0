import { expect, it } from 'vitest';
import { standing, type Standing } from './aim';

it('an objective is on its way, or was there from the start', () => {
  const figure = (value: number | null) => ({ value, n: 9, evidence: 'E3', unit: 'count', method: '' }) as never;
  const check = (measure: string, was: number | null, is: number | null, target: number, expected: Standing) =>
    expect(standing({ aim: { measure, target } as never, start: figure(was), now: figure(is) })).toBe(expected);
  check('satisfaction', 0.7, 0.8, 0.9, 'way');
  check('satisfaction', 1, 0.83, 0.9, 'lost');
  check('satisfaction', 1, 0.95, 0.9, 'kept');
  check('cost', 4800, 300, 1200, 'way');
  check('cost', 900, 1500, 1200, 'lost');
  check('interactions', 900, 700, 500, 'way');
  check('retention', null, 0.4, 0.5, 'unknown');
});
