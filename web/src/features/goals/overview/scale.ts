// The height of an objective's line: what it shows has its ends labelled, so it need not begin at nought.

/** What the height of a line shows, from its lower to its upper end. */
export interface Scale {
  bottom: number;
  top: number;
}

/** How much of the height stays free above and below, so that nothing lies on the edge. */
const room = 0.1;

/** Finds the height that holds these values and the target. Intervals have no say: a wide one would flatten the line. */
export function scaleOf(values: readonly number[], target: number): Scale {
  const least = Math.min(target, ...values);
  const most = Math.max(target, ...values);
  // Where all is the same the line lies in the middle.
  const span = most - least || Math.abs(most) || 1;
  return { bottom: least - span * room, top: most + span * room };
}

/** Says where a value lies: 0 at the top, 1 at the bottom; what lies beyond is cut off there. */
export function depthOf(value: number, { bottom, top }: Scale): number {
  return Math.min(1, Math.max(0, (top - value) / (top - bottom)));
}
