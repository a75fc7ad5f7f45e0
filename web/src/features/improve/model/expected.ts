// Says what is expected of an improvement, in one sentence.
import type { Expectation } from '../api';
import { say } from '../words';

/** Says a promise with its limits; empty where nothing was promised. */
export function promiseOf(expected: Expectation | null | undefined): string {
  if (!expected) return '';
  const { promise, figure } = expected;
  const value = figure.value ?? undefined;
  const limits = figure.low !== null && figure.low !== undefined && figure.high !== null && figure.high !== undefined;
  if (promise === 'heard' || value === undefined) return say(promise === 'heard' ? 'promise.heard' : 'promise.unknown');
  const values = { value, low: figure.low ?? 0, high: figure.high ?? 0 };
  if (promise === 'saves') return say(limits ? 'promise.saves.limits' : 'promise.saves', values);
  if (promise === 'outcomes') return say(limits ? 'promise.outcomes.limits' : 'promise.outcomes', values);
  if (promise === 'satisfaction') return say('promise.satisfaction', values);
  if (promise === 'in_time') return say('promise.in_time', values);
  if (promise === 'answered') return say('promise.answered', values);
  return say('promise.people', values);
}
