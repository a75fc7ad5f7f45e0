// The ways of measuring the effort of a stage (M2): by cost, by interactions, by touchpoints, by staff hours.
import type { StageFigures } from '../../../app/api/types';

/** The measures of effort, in the order of the menu. */
export const efforts = ['cost', 'interactions', 'touchpoints', 'staff'] as const;

/** One of the measures. */
export type Effort = (typeof efforts)[number];

/** From this difference on, importance and effort of one stage count as apart (M2). */
export const gapThreshold = 0.1;

/** Reads the measure of an address; cost where it names none. */
export function effortOf(name: string | null): Effort {
  return efforts.find((effort) => effort === name) ?? 'cost';
}

/** Returns a stage's share of the effort. */
export function shareOf(effort: Effort, figures: StageFigures): number {
  switch (effort) {
    case 'cost':
      return figures.cost_share;
    case 'interactions':
      return figures.interaction_share;
    case 'touchpoints':
      return figures.touchpoint_share;
    case 'staff':
      return figures.staff_share;
  }
}

/** Returns the greatest share that any bar has to show, so that all bars of the head have one scale. */
export function topShare(effort: Effort, stages: readonly StageFigures[]): number {
  return Math.max(0.01, ...stages.flatMap((stage) => [stage.importance, shareOf(effort, stage)]));
}
