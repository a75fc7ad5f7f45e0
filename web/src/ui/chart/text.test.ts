import { describe, expect, it } from 'vitest';
import { apart, cutTo, spread, wrapTo } from './text';

const ten = (text: string) => [...text].length * 10;

describe('words in a drawing', () => {
  it('are cut to what fits', () => {
    expect(cutTo('Home page', 90, ten)).toBe('Home page');
    expect(cutTo('Home page', 80, ten)).toBe('Home pa…');
    expect(cutTo('Home page', 60, ten)).toBe('Home…');
    expect(cutTo('Home page', 20, ten)).toBe('H…');
    expect(cutTo('Home page', 9, ten)).toBe('');
  });

  it('are broken between words, and only the last line swallows the rest', () => {
    expect(wrapTo('Banner advertisement', 200, 2, ten)).toEqual(['Banner advertisement']);
    expect(wrapTo('Banner advertisement', 130, 2, ten)).toEqual(['Banner', 'advertisement']);
    expect(wrapTo('Social page and posts', 110, 2, ten)).toEqual(['Social page', 'and posts']);
    expect(wrapTo('Social page and all posts', 110, 2, ten)).toEqual(['Social page', 'and all po…']);
    expect(wrapTo('Banner advertisement', 50, 2, ten)).toEqual(['Bann…', 'adve…']);
    expect(wrapTo('', 50, 2, ten)).toEqual([]);
  });

  it('keep apart and between the ends', () => {
    const at = (place: number) => ({ at: place, length: 14 });
    expect(spread([at(10), at(50)], 0, 100)).toEqual([3, 43]);
    expect(spread([at(12), at(10)], 0, 100)).toEqual([17, 3]);
    expect(spread([at(0), at(1), at(2)], 0, 100)).toEqual([0, 14, 28]);
    expect(spread([at(99), at(98)], 0, 100)).toEqual([86, 72]);
  });

  it('leave out those that would touch', () => {
    const width = () => 20;
    expect(apart([0, 25, 30, 60], (one) => one, width)).toEqual([0, 30, 60]);
  });
});
