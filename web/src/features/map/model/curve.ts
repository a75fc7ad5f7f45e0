// Turns a frequency response (M9) into shapes: points of a line, a band for its hazard intervals, bars of net worth.
// Pure geometry in a box of `width` by `height`, so that it can be tested without a browser.
import type { FrequencyStep } from '../../../app/api/types';

/** The shapes of a frequency response. */
export interface CurveShape {
  /** The response of a person contacted so often, as points of a line. */
  line: { x: number; y: number; step: FrequencyStep }[];
  /** The part of the chart beyond the saturation point; null where it is unknown or nothing lies beyond. */
  beyond: { x: number; width: number } | null;
  /** The place of the saturation point. */
  saturation: { x: number; y: number } | null;
  /** Marks of the vertical axis: shares and their heights. */
  marks: { share: number; y: number }[];
  /** The distance between two numbers of contacts. */
  step: number;
}

/** Draws a curve. The vertical axis starts at zero; each number of contacts has a column of its own. */
export function drawCurve(
  curve: readonly FrequencyStep[],
  saturation: number | null,
  width: number,
  height: number,
): CurveShape {
  const top = niceTop(Math.max(...curve.map((step) => step.response), 0));
  const step = width / Math.max(1, curve.length);
  const y = (share: number) => height - (share / top) * height;
  const line = curve.map((entry, index) => ({ x: (index + 0.5) * step, y: y(entry.response), step: entry }));
  const at = saturation === null ? -1 : curve.findIndex((entry) => entry.contacts === saturation);
  const edge = (at + 1) * step;
  return {
    line,
    step,
    marks: [0, top / 2, top].map((share) => ({ share, y: y(share) })),
    saturation: line[at] ? { x: line[at].x, y: line[at].y } : null,
    beyond:
      saturation !== null && (at >= 0 || saturation === 0) && edge < width ? { x: edge, width: width - edge } : null,
  };
}

/** Rounds up to 1, 2, 2.5 or 5 times a power of ten, so that the marks of the axis are round numbers. */
export function niceTop(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const steps = [1, 2, 2.5, 5, 10].map((factor) => factor * power);
  return steps.find((candidate) => candidate >= value * (1 - 1e-9)) ?? value;
}
