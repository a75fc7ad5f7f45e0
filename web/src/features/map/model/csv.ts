// Makes of the list of touchpoints a table for a spreadsheet: plain numbers, amounts in major units, names in the reader's
// language.
import type { Figure, MapReport, TouchpointMap } from '../../../app/api/types';
import { read } from '../../../app/i18n/language.svelte';
import { byVerdict } from './list';

const header = [
  'touchpoint',
  'name',
  'channel',
  'stage',
  'verdict',
  'rule',
  'people',
  'interactions',
  'conversion',
  'conversion_low',
  'conversion_high',
  'cost',
  'cost_per_outcome',
  'cost_per_outcome_low',
  'cost_per_outcome_high',
  'roi',
  'satisfaction',
  'satisfaction_low',
  'satisfaction_high',
  'progression_lift',
  'currency',
];

/** A table for a spreadsheet. */
export type Table = readonly (readonly (string | number | null)[])[];

/** Makes the whole table: the head, and one line per touchpoint. `digits`: those of the currency's minor unit. */
export function tableOf(map: TouchpointMap, report: MapReport, digits = 2): Table {
  const major = (minor: number | null | undefined) =>
    minor === null || minor === undefined ? null : minor / 10 ** digits;
  const lines = byVerdict(map, report).map(({ touchpoint, figures }) => [
    touchpoint.id,
    read(touchpoint.name),
    touchpoint.channel,
    touchpoint.primary_stage,
    figures.verdict.kind,
    figures.verdict.rule,
    figures.people,
    figures.interactions,
    ...limits(figures.conversion),
    major(figures.cost),
    ...limits(figures.cost_per_outcome).map(major),
    figures.roi.value ?? null,
    ...limits(figures.satisfaction),
    figures.progression.lift.value ?? null,
    map.currency,
  ]);
  return [header, ...lines];
}

function limits(figure: Figure): (number | null)[] {
  return [figure.value ?? null, figure.low ?? null, figure.high ?? null];
}
