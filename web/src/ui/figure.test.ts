import { describe, expect, it } from 'vitest';
import { Formats } from '../app/i18n/format';
import { counted, placeOn, scaleOf, write, writeInterval } from './figure';

const formats = new Formats('en', 'EUR');

describe('figures', () => {
  it('are written in their unit, the unknown as a dash', () => {
    expect(write(0.5, 'share', formats)).toBe('50%');
    expect(write(null, 'share', formats)).toBe('–');
    expect(write(undefined, 'money', formats)).toBe('–');
    expect(write(2000, 'money', formats)).toBe('€20.00');
  });

  it('have an interval or none', () => {
    expect(writeInterval(counted(3, 3, 'count'), formats)).toBeNull();
    expect(writeInterval({ ...counted(0.15, 200, 'share'), low: 0.107, high: 0.206 }, formats)).toBe('10.7% … 20.6%');
  });

  it('share a scale that holds zero and every limit', () => {
    expect(scaleOf([{ value: 0.2, low: 0.1, high: 0.4 }, { value: 0.3 }])).toEqual({ from: 0, to: 0.4 });
    expect(scaleOf([{ value: -1, low: -2, high: 1 }])).toEqual({ from: -2, to: 1 });
    expect(scaleOf([{ value: null }])).toEqual({ from: 0, to: 1 });
  });

  it('are placed inside their scale', () => {
    expect(placeOn({ from: 0, to: 4 }, 1)).toBe(25);
    expect(placeOn({ from: -1, to: 1 }, 0)).toBe(50);
    expect(placeOn({ from: 0, to: 1 }, 7)).toBe(100);
    expect(placeOn({ from: 0, to: 1 }, -7)).toBe(0);
  });
});
