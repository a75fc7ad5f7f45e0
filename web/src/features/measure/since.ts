// What changed since the reader was last here, remembered in this browser: a small snapshot of the report, and its comparison.
import type { MapReport } from './api';

/** What is remembered of a report. */
export interface Snapshot {
  at: number;
  people: number;
  interactions: number;
  outcomes: number;
  verdicts: Record<string, string>;
}

/** A touchpoint whose verdict is another one now. */
export interface Turned {
  touchpoint: string;
  before: string;
  now: string;
}

/** Takes a snapshot. */
export function snapshot(report: MapReport, at: number): Snapshot {
  const { people, interactions, outcomes } = report.totals;
  const verdicts = Object.fromEntries(report.touchpoints.map((one) => [one.touchpoint, one.verdict.kind]));
  return { at, people, interactions, outcomes, verdicts };
}

/** Reads a remembered snapshot; null where there is none, or none of ours. */
export function readSnapshot(text: string | null): Snapshot | null {
  try {
    const given = JSON.parse(text ?? 'null') as Partial<Snapshot> | null;
    const isNumber = (value: unknown) => typeof value === 'number' && Number.isFinite(value);
    const isOurs =
      given !== null &&
      [given.at, given.people, given.interactions, given.outcomes].every(isNumber) &&
      typeof given.verdicts === 'object';
    return isOurs ? (given as Snapshot) : null;
  } catch {
    return null;
  }
}

/** Compares; verdicts of touchpoints that were not there before are not changes. */
export function compare(before: Snapshot, now: Snapshot) {
  const turned: Turned[] = Object.entries(now.verdicts)
    .filter(([id, verdict]) => id in before.verdicts && before.verdicts[id] !== verdict)
    .map(([touchpoint, verdict]) => ({ touchpoint, before: before.verdicts[touchpoint] ?? '', now: verdict }));
  return {
    people: now.people - before.people,
    interactions: now.interactions - before.interactions,
    outcomes: now.outcomes - before.outcomes,
    turned,
  };
}
