// The steps, in the order of the method, and when one is done.
import type { TouchpointMap } from '../../../app/api/types';
import { read } from '../../../app/i18n/language.svelte';
import type { Aim, Setup } from '../api';

/** The steps. Objectives come before tools: who begins with tools ends with tools that serve nobody. */
export const steps = ['business', 'ecosystem', 'objectives', 'segments', 'touchpoints', 'map'] as const;

export type Step = (typeof steps)[number];

/** Reads a step from the address. */
export function stepOf(text: string | null, otherwise: Step): Step {
  return steps.find((step) => step === text) ?? otherwise;
}

/** The part of a map that the first steps look at. */
export type Made = Pick<TouchpointMap, 'objectives'>;

/** The objectives that count: those told here, or as long as none is those of the map. */
export function aimsOf(setup: Setup, map: Made | null): Aim[] {
  if (setup.objectives.length > 0) return setup.objectives;
  return (map?.objectives ?? []).map(({ kind, text }) => ({ kind, text: read(text) }));
}

/** Whether a step has what the next one builds on. */
export function isDone(step: Step, setup: Setup, map: Made | null): boolean {
  switch (step) {
    case 'business':
      return map !== null || (setup.business ?? '') !== '';
    case 'ecosystem': {
      const { skipped, ...parts } = setup.ecosystem;
      return skipped || Object.values(parts).some((text) => text !== '');
    }
    case 'objectives':
      return aimsOf(setup, map).some((aim) => aim.text.trim() !== '');
    case 'segments':
      return map !== null || setup.segments.length > 0;
    case 'touchpoints':
      return map !== null || setup.answers.length > 0;
    case 'map':
      return map !== null;
  }
}

/** The first step that is not done; the last one where all are. */
export function nextStep(setup: Setup, map: Made | null): Step {
  return steps.find((step) => !isDone(step, setup, map)) ?? 'map';
}

/** Puts one entry into a list in place of the one with the same key, or at its end. */
export function put<Entry>(list: readonly Entry[], entry: Entry, key: (entry: Entry) => string): Entry[] {
  const at = list.findIndex((known) => key(known) === key(entry));
  return at < 0 ? [...list, entry] : list.with(at, entry);
}
