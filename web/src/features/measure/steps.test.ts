import { describe, expect, it } from 'vitest';
import { namesOf } from './steps';

const all = { outcome: [{ value: 'outcome:sale', name: 'Purchase' }], form: [{ value: 'form:view', name: 'view' }] };

describe('the names of steps', () => {
  it('tell a step that comes again from the one before', () => {
    const steps = ['form:view|form:click', 'outcome:sale', 'outcome:sale', 'form:view', 'outcome:sale'];
    expect(namesOf(steps, all, (name, n) => `${name}, time ${n}`)).toEqual([
      'view / form:click',
      'Purchase',
      'Purchase, time 2',
      'view',
      'Purchase, time 3',
    ]);
  });
});
