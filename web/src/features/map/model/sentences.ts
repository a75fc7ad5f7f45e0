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

/** What the deciding figure of a verdict counts, by the key of its reason: as the card names the same figure. */
const counted: Readonly<Partial<Record<string, keyof typeof en>>> = {
  'dark.silent': 'overlay.interactions',
  'over_used.r1': 'over.beyond',
  'over_used.r2': 'over.complaints',
  'over_used.r3': 'over.complaints',
  'over_used.r4': 'feel.closed',
  'wasted.ratio': 'cost.effect',
  'under_used.reach': 'overlay.effect',
  'effective.progression': 'overlay.effect',
  'effective.keep_up': 'feel.satisfaction',
  'needs_care.concentrate': 'feel.satisfaction',
  'needs_care.satisfaction': 'feel.satisfaction',
  'needs_care.unanswered': 'feel.answered',
  'needs_care.late': 'feel.in_time',
};

/** Names the deciding figure of a verdict in few words. */
export function figureNameOf(verdict: Verdict): string {
  return say(counted[verdict.reason.key] ?? 'rule.figure');
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
