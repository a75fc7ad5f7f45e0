// The scales below intervals, and the names of touchpoints in the lists of this room.
import { describe, expect, it } from 'vitest';
import { nameOf } from './names';
import { marksOf, scaleOf } from './scale';

describe('the scale of a question', () => {
  it('goes from the worst to the best figure', () => {
    expect(marksOf(scaleOf('nps'))).toEqual([-100, 0, 100]);
    expect(marksOf(scaleOf('importance'))).toEqual([1, 3, 5]);
    expect(marksOf(scaleOf('rater'))).toEqual([1, 4, 7]);
  });

  it('is a share for everything else', () => {
    expect(marksOf(scaleOf('csat'))).toEqual([0, 0.5, 1]);
    expect(marksOf(scaleOf('choice'))).toEqual([0, 0.5, 1]);
  });
});

describe('the name of a touchpoint', () => {
  const touchpoints = [{ id: 'survey', name: 'Опрос' }];

  it('is that of the map', () => expect(nameOf(touchpoints, 'survey')).toBe('Опрос'));
  it('is its id where the map has it no more', () => expect(nameOf(touchpoints, 'fax')).toBe('fax'));
});
