// Says why a row or an event was refused, in the reader's language: by the code of the reason, with the names and numbers of the
// server's sentence. That sentence is shown in English, and wherever a code is not known here.
import { language } from '../../../app/i18n/language.svelte';
import { codes, say } from './words';

/** Is a reason as the server tells it. What was kept before reasons had codes has a sentence alone. */
export interface Why {
  says: string;
  code?: string | undefined;
  names?: readonly string[] | undefined;
  numbers?: readonly string[] | undefined;
}

/** Returns the sentence for a reader. */
export function whyOf(why: Why): string {
  const { code = '', names = [], numbers = [] } = why;
  if (language.code === 'en' || !codes.has(code)) return why.says;
  const values: Record<string, string | number> = {};
  if (names.length > 0) values.names = names.map(quoted).join(', ');
  const [first, second] = numbers.map(Number);
  if (first !== undefined) values.first = first;
  if (second !== undefined) values.second = second;
  return say(code as Parameters<typeof say>[0], values).replace(/\s*:\s*–$/u, '');
}

const quoted = (name: string) => ({ en: `“${name}”`, fr: `«\u00a0${name}\u00a0»`, ru: `«${name}»` })[language.code];
