// Finds the one thing most worth doing: the verdict with the most money at stake. What carries no price (a dark or
// unloved touchpoint) comes after what does, in the order of the verdicts and of the people concerned.
import type { MapReport, TouchpointFigures, VerdictKind } from '../../../app/api/types';
import { asksForChange, verdictOrder, verdictRank } from '../../../ui/verdict';

/** Counts the touchpoints of each verdict, in the order in which verdicts are shown; verdicts without any are left out. */
export function countVerdicts(report: MapReport): { kind: VerdictKind; count: number }[] {
  return verdictOrder
    .map((kind) => ({ kind, count: report.touchpoints.filter((entry) => entry.verdict.kind === kind).length }))
    .filter((entry) => entry.count > 0);
}

/** Finds the touchpoint whose change is most worth while; null where none asks for a change. */
export function mostWorthDoing(report: MapReport, margin: number): TouchpointFigures | null {
  const asking = report.touchpoints.filter((entry) => asksForChange.has(entry.verdict.kind));
  const worth = new Map(asking.map((entry) => [entry, atStake(entry, report, margin)]));
  asking.sort(
    (a, b) =>
      (worth.get(b) ?? 0) - (worth.get(a) ?? 0) ||
      verdictRank(a.verdict.kind) - verdictRank(b.verdict.kind) ||
      b.people - a.people,
  );
  return asking[0] ?? null;
}

/**
 * Estimates what a verdict costs as long as nothing is done, in minor units over the window.
 *
 * Wasted: the amount above the average price of an effect (M11). Over-used: what the contacts beyond the saturation
 * point lost (M9: minus the net of each further contact, times those who got it). Under-used: the outcomes to be
 * gained (M10) at the margin of a mean outcome. Others: nothing that could be priced.
 */
export function atStake(entry: TouchpointFigures, report: MapReport, margin: number): number {
  switch (entry.verdict.kind) {
    case 'wasted':
      return entry.waste.amount;
    case 'over_used': {
      const saturation = entry.over_use?.saturation ?? Infinity;
      const beyond = (entry.over_use?.curve ?? []).filter((step) => step.contacts > saturation);
      return beyond.reduce((sum, step) => sum + step.at_risk * Math.max(0, -step.net), 0);
    }
    case 'under_used': {
      const { value, outcomes } = report.totals;
      return (entry.under_use.potential.value ?? 0) * (outcomes > 0 ? (value / outcomes) * margin : 0);
    }
    default:
      return 0;
  }
}
