// Writes moments: with the time of day, in the zone of the organisation.
import { language } from '../app/i18n/language.svelte';
import { organisation } from '../app/organisation.svelte';

const locales = { en: 'en-GB', fr: 'fr-FR', ru: 'ru-RU' };

/** Writes a moment with its day; the seconds where they matter. */
export function when(micros: number | null | undefined, seconds = false): string {
  if (micros === null || micros === undefined) return '–';
  return new Intl.DateTimeFormat(locales[language.code], {
    dateStyle: 'medium',
    timeStyle: seconds ? 'medium' : 'short',
    timeZone: organisation.timeZone,
  }).format(new Date(micros / 1000));
}

/** Writes the time of day alone, with seconds. */
export function timeOfDay(micros: number): string {
  return new Intl.DateTimeFormat(locales[language.code], {
    timeStyle: 'medium',
    timeZone: organisation.timeZone,
  }).format(new Date(micros / 1000));
}
