// Holds the reader's language and says the sentences of a catalogue in it. Each room brings its own catalogue.
import { organisation } from '../organisation.svelte';
import { me } from '../me.svelte';
import { recall, remember } from '../memory';
import type { LanguageCode } from './format';
import { Formats } from './format';
import type { Values } from './message';
import { fill } from './message';
import { reword } from './wording';

/** The languages, by the names their readers know them under. */
export const languages: Record<LanguageCode, string> = { en: 'English', fr: 'Français', ru: 'Русский' };

/** A text in all languages of the product. */
export type Written = Readonly<Record<LanguageCode, string>>;

class Language {
  code = $state<LanguageCode>(firstLanguage());
  formats = $derived(new Formats(this.code, organisation.currency));

  choose(code: LanguageCode): void {
    remember('language', code);
    void me.reads(code);
    this.present(code);
  }

  /** Shows a language without remembering it as the reader's own wish. */
  present(code: LanguageCode): void {
    this.code = code;
    document.documentElement.lang = code;
  }
}

/** The reader's language. */
export const language = new Language();

/** Makes the speaker of a catalogue: `say('key', values)` is a sentence in the reader's language. */
export function words<Key extends string>(
  en: Readonly<Record<Key, string>>,
  fr: Readonly<Record<NoInfer<Key>, string>>,
  ru: Readonly<Record<NoInfer<Key>, string>>,
): (key: Key, values?: Values) => string {
  const catalogues = { en, fr, ru };
  return (key, values = {}) => {
    // The sentence first, then its values: a name that somebody gave stays as it is.
    const template = reword(catalogues[language.code][key], language.code, organisation.wording);
    const sentence = fill(template, values, language.formats);
    return language.code === 'fr' ? keepTogether(sentence) : sentence;
  };
}

/** Sets the spaces that French puts before signs and inside quotes, at which a line must not break. */
export function keepTogether(french: string): string {
  return french.replaceAll(/ (?=[:;?!»%])/g, '\u00a0').replaceAll('« ', '«\u00a0');
}

/** Picks the reader's language from a text of the organisation; English, or whatever it writes in, where it is missing. */
export function read(text: string | { en: string; fr?: string | null; ru?: string | null } | null | undefined): string {
  if (text === null || text === undefined) return '';
  return typeof text === 'string' ? text : (text[language.code] ?? text.en);
}

function firstLanguage(): LanguageCode {
  const wished = [recall('language'), ...navigator.languages.map((tag) => tag.slice(0, 2))];
  return (wished.find((tag) => tag !== null && tag in languages) as LanguageCode | undefined) ?? 'en';
}
