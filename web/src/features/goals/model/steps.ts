// The steps, in the order of the method, and when one is done.
import type { Setup } from '../api';

/** The steps. Objectives come before tools: who begins with tools ends with tools that serve nobody. */
export const steps = ['business', 'ecosystem', 'objectives', 'segments', 'touchpoints', 'map'] as const;

export type Step = (typeof steps)[number];

/** Reads a step from the address. */
export function stepOf(text: string | null, otherwise: Step): Step {
  return steps.find((step) => step === text) ?? otherwise;
}

/** Whether a step has what the next one builds on. */
export function isDone(step: Step, setup: Setup, hasMap: boolean): boolean {
  switch (step) {
    case 'business':
      return hasMap || (setup.business ?? '') !== '';
    case 'ecosystem': {
      const { skipped, ...parts } = setup.ecosystem;
      return skipped || Object.values(parts).some((text) => text !== '');
    }
    case 'objectives':
      return setup.objectives.some((aim) => aim.text.trim() !== '');
    case 'segments':
      return setup.segments.length > 0;
    case 'touchpoints':
      return setup.answers.length > 0;
    case 'map':
      return hasMap;
  }
}

/** The first step that is not done; the last one where all are. */
export function nextStep(setup: Setup, hasMap: boolean): Step {
  return steps.find((step) => !isDone(step, setup, hasMap)) ?? 'map';
}

/** Puts one entry into a list in place of the one with the same key, or at its end. */
export function put<Entry>(list: readonly Entry[], entry: Entry, key: (entry: Entry) => string): Entry[] {
  const at = list.findIndex((known) => key(known) === key(entry));
  return at < 0 ? [...list, entry] : list.with(at, entry);
}
