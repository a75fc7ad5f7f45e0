// The steps of a funnel, as the address and the server write them, and as people read them.
import { read } from '../../app/i18n/language.svelte';
import type { FunnelQuestion, TouchpointMap } from './api';
import { whole } from './api';

/** A step that can be chosen: as the server writes it, and its name. */
export interface Choice {
  value: string;
  name: string;
}

/** Stands between steps in an address; no id holds it. */
const between = '~';

/** The steps to begin with: met us, reached the target, reached it again. */
export function firstSteps(map: TouchpointMap): string[] {
  const target = map.outcomes.find((outcome) => outcome.target === true) ?? map.outcomes[0];
  const outcome = target ? [`outcome:${target.id}`] : [];
  return ['form:view|form:visit|form:click', ...outcome, ...outcome];
}

/** Reads the steps from an address. */
export function stepsOf(query: URLSearchParams, map: TouchpointMap): string[] {
  const text = query.get('steps') ?? '';
  return text === '' ? firstSteps(map) : text.split(between);
}

/** Writes steps for an address. */
export function writeSteps(steps: readonly string[]): string {
  return steps.join(between);
}

/** Reads the whole question from an address. */
export function questionOf(query: URLSearchParams, map: TouchpointMap): FunnelQuestion {
  const order = query.get('order');
  return {
    steps: stepsOf(query, map),
    order: order === 'strict' || order === 'any' ? order : 'ordered',
    within_days: whole(query, 'within'),
    by: query.get('by') === 'first' ? 'first' : undefined,
  };
}

/** Lists every step that a map has, in groups; `say` names groups and forms. */
export function choices(map: TouchpointMap, formName: (form: string) => string): Record<string, Choice[]> {
  const named = (kind: string, list: readonly { id: string; name: Parameters<typeof read>[0] }[]) =>
    list.map((one) => ({ value: `${kind}:${one.id}`, name: read(one.name) }));
  return {
    touchpoint: named('touchpoint', map.touchpoints),
    channel: named('channel', map.channels),
    outcome: named('outcome', map.outcomes),
    stage: named('stage', map.stages),
    form: forms.map((form) => ({ value: `form:${form}`, name: formName(form) })),
  };
}

/** The forms of interaction that make a step. */
export const forms = [
  'view',
  'visit',
  'click',
  'conversation',
  'call',
  'purchase',
  'survey_answer',
  'complaint',
] as const;

/** Names a step for people; a union is joined with a stroke. */
export function nameOf(step: string, all: Record<string, Choice[]>): string {
  const flat = Object.values(all).flat();
  return step
    .split('|')
    .map((part) => flat.find((choice) => choice.value === part || choice.value === `touchpoint:${part}`)?.name ?? part)
    .join(' / ');
}

/** Names all steps of a funnel. One that was there before is told apart: nobody takes a row for two steps, so it is another time. */
export function namesOf(
  steps: readonly string[],
  all: Record<string, Choice[]>,
  again: (name: string, n: number) => string,
): string[] {
  const seen = new Map<string, number>();
  return steps.map((step) => {
    const n = (seen.get(step) ?? 0) + 1;
    seen.set(step, n);
    const name = nameOf(step, all);
    return n === 1 ? name : again(name, n);
  });
}
