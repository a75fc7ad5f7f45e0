// Says what the server tells in the reader's language: by its code and values, which the catalogue has words for. Where a code is
// not known, or an older version of the server has stored a sentence alone, that sentence is shown, in English.
import { Problem } from '../../../app/api/client';
import type { components } from '../../../app/api/schema';
import { language } from '../../../app/i18n/language.svelte';
import { needs } from '../../../app/i18n/message';
import { say as sayOfApp } from '../../../app/words';
import en from './words/en';
import { isKnown, say } from './words';

/** Is what the server tells: of a row, an event, an import, an entry. */
export interface Telling {
  says: string;
  code?: string | undefined;
  values?: Readonly<Record<string, number | string | readonly string[]>> | undefined;
}

/** Returns the sentence for a reader. */
export function sentence({ says, code = '', values = {} }: Telling): string {
  if (!isKnown(code)) return says;
  const isWhole = needs(en[code]).every((need) => Object.hasOwn(values, need.split(':')[0] ?? ''));
  if (!isWhole) return says;
  const filled = Object.entries(values).map(([name, value]) => [
    name,
    typeof value === 'object' ? listed(value) : value,
  ]);
  return say(code, Object.fromEntries(filled) as Record<string, number | string>);
}

/** Says what did not work. */
export function problemOf(problem: unknown): string {
  if (!(problem instanceof Problem)) return problem instanceof Error ? problem.message : String(problem);
  if (problem.status === 0) return sayOfApp('problem.offline');
  return told(problem.telling, [problem.what, problem.because, problem.hint]);
}

/** Says a problem that stands in an answer. */
export function toldOf({ what, because, hint, telling }: components['schemas']['Problem']): string {
  return told(telling, [what, because.join(': '), hint]);
}

function told(telling: Telling | null | undefined, parts: readonly (string | null | undefined)[]): string {
  const says = parts.filter(Boolean).join('. ');
  return telling ? sentence({ ...telling, says }) : says;
}

/** Lists the columns that a sentence names. */
export function columnsIn({ values = {} }: Telling): readonly string[] {
  return [values.column ?? [], values.columns ?? []].flat().filter((name) => typeof name === 'string');
}

/** Lists everything that a sentence names. */
export function namesIn({ values = {} }: Telling): readonly string[] {
  return Object.values(values)
    .flat()
    .filter((name) => typeof name === 'string');
}

const quotes = { en: ['“', '”'], fr: ['«\u00a0', '\u00a0»'], ru: ['«', '»'] } as const;

function listed(names: readonly string[]): string {
  const [open, close] = quotes[language.code];
  return names.map((name) => `${open}${name}${close}`).join(', ');
}
