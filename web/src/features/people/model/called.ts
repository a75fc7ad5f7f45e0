// Which of the identities of somebody are names that a person can read: a number that we gave to a visitor, a comment or a
// review is none.
import type { KnownName } from '../api';

/** Identities that name nobody, by their kind. */
const nameless: readonly (string | null | undefined)[] = ['anonymous', 'anonymous_id'];

/** How somebody came to us of whom only such a number is known, by how the number begins. */
const forms = new Map([
  ['comment', 'comment'],
  ['review', 'review'],
  ['survey', 'survey_answer'],
]);

/** Lists the names among identities, the strongest first. */
export function namesIn(known: readonly KnownName[]): string[] {
  return known.flatMap((one) => (one.value && !nameless.includes(one.namespace) ? [one.value] : []));
}

/** Returns by which form of interaction somebody without a name came to us; nothing where the identities do not tell. */
export function cameBy(known: readonly KnownName[]): string | undefined {
  return known
    .filter((one) => nameless.includes(one.namespace))
    .map((one) => forms.get(/^([a-z]+)-./.exec(one.value ?? '')?.[1] ?? ''))
    .find((form) => form !== undefined);
}
