// Where a touchpoint stands in a designed journey: as a step, or as something that would do in place of one.
import type { components } from '../../../app/api/schema';

export type Flow = components['schemas']['JourneyFlow'];

/** Returns its part in a journey, the step before the substitute; null where the journey does not name it. */
export function roleIn(flow: Flow, touchpoint: string): 'step' | 'instead' | null {
  const steps = stepsOf(flow);
  if (steps.some((step) => step.touchpoint === touchpoint)) return 'step';
  return steps.some((step) => step.instead?.includes(touchpoint)) ? 'instead' : null;
}

function stepsOf(flow: Flow): components['schemas']['JourneyStep'][] {
  if ('step' in flow) return [flow.step];
  if ('sequence' in flow) return flow.sequence.flatMap(stepsOf);
  if ('choice' in flow) return flow.choice.flatMap(stepsOf);
  if ('parallel' in flow) return flow.parallel.flatMap(stepsOf);
  return stepsOf('optional' in flow ? flow.optional : flow.loop);
}
