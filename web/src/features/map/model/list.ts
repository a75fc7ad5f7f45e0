// The touchpoints as a list: those that ask for a change first, then by people.
import type { MapReport, Touchpoint, TouchpointFigures, TouchpointMap } from '../../../app/api/types';
import { verdictRank } from '../../../ui/verdict';

/** One line of the list. */
export interface Line {
  touchpoint: Touchpoint;
  figures: TouchpointFigures;
}

/** Lists every touchpoint that the report judges. */
export function byVerdict(map: TouchpointMap, report: MapReport): Line[] {
  const touchpoints = new Map(map.touchpoints.map((touchpoint) => [touchpoint.id, touchpoint]));
  return report.touchpoints
    .flatMap((figures) => {
      const touchpoint = touchpoints.get(figures.touchpoint);
      return touchpoint ? [{ touchpoint, figures }] : [];
    })
    .sort(
      (a, b) =>
        verdictRank(a.figures.verdict.kind) - verdictRank(b.figures.verdict.kind) ||
        b.figures.people - a.figures.people,
    );
}
