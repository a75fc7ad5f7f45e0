import { describe, expect, it } from 'vitest';
import { sampleReport } from '../../../../dev/company.mjs';
import { drawCurve, niceTop } from './curve';

const curve = sampleReport().touchpoints.find((figures) => figures.touchpoint === 'newsletter')?.over_use?.curve ?? [];

describe('frequency response', () => {
  it('draws a point for each number of contacts, higher for more response', () => {
    const { line } = drawCurve(curve, 3, 300, 100);
    expect(line.map((point) => point.x)).toEqual([30, 90, 150, 210, 270]);
    for (const [index, point] of line.entries()) expect(point.y).toBeLessThan(line[index - 1]?.y ?? 100);
    expect(line.at(-1)?.y).toBeCloseTo(0); // 20 % is the top of the axis.
  });

  it('marks the saturation point and what lies beyond it', () => {
    expect(drawCurve(curve, 3, 300, 100).saturation?.x).toBe(150);
    expect(drawCurve(curve, 3, 300, 100).beyond).toEqual({ x: 180, width: 120 });
    expect(drawCurve(curve, 5, 300, 100).beyond).toBeNull();
    expect(drawCurve(curve, 0, 300, 100).beyond).toEqual({ x: 0, width: 300 });
    expect(drawCurve(curve, null, 300, 100)).toMatchObject({ saturation: null, beyond: null });
  });

  it('survives a curve of nothing', () => {
    expect(drawCurve([], null, 300, 100).line).toEqual([]);
  });

  it('ends axes on round numbers', () => {
    for (const [value, top] of [
      [0.205, 0.25],
      [0.2, 0.2],
      [0.07, 0.1],
      [0, 1],
      [3, 5],
    ] as const) {
      expect(niceTop(value)).toBeCloseTo(top, 12);
    }
  });
});
