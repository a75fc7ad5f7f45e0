// Finds the sentences for a verdict: why it was given, what to do, and the same in the headline of the page.
// The server sends keys and numbers; a key that this catalogue does not know yet still gets a true sentence.
import type { Verdict } from '../../../app/api/types';
import { say } from '../words';
import en from '../words/en';

/** Says why a verdict was given. */
export function reasonOf(verdict: Verdict): string {
  const { key, numbers } = verdict.reason;
  return say(isKnown(key) ? key : 'reason.unknown', numbers);
}

/** Says what to do about a verdict. */
export function actionOf(verdict: Verdict): string {
  const { key, numbers } = verdict.action;
  const full = `action.${key}`;
  if (key === 'cap_frequency' && numbers.cap === undefined) return say('action.cap_frequency.unknown');
  return say(isKnown(full) ? full : 'action.none', numbers);
}

/** Says what to do about a verdict as the end of the page's headline. */
export function headlineOf(verdict: Verdict, name: string): string {
  const { key, numbers } = verdict.action;
  const full = `most.${key}`;
  const sayable = isKnown(full) && (key !== 'cap_frequency' || numbers.cap !== undefined);
  return say(sayable ? full : 'most.other', { ...numbers, name });
}

/** Says what could not be computed, and why; null for a key that this catalogue does not know. */
export function noteOf(key: string): string | null {
  const full = `note.${key}`;
  return isKnown(full) ? say(full) : null;
}

function isKnown(key: string): key is keyof typeof en {
  return key in en;
}
