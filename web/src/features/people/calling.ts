// What somebody is called on the pages of this room.
import { language } from '../../app/i18n/language.svelte';
import { organisation } from '../../app/organisation.svelte';
import { formName } from '../../ui/interaction/words';
import type { KnownName } from './api';
import { cameBy, namesIn } from './model/called';
import { say } from './words';

/** Calls somebody by their name, else by the strongest one they are known by, else by how and when they were met last. */
export function called(
  name: string | null | undefined,
  known: readonly KnownName[],
  lastAt: number | null | undefined,
): string {
  const form = cameBy(known);
  const nameless = [
    say('list.nameless'),
    form ? formName(form) : '',
    lastAt ? language.formats.day(lastAt, organisation.timeZone) : '',
  ];
  return name ?? namesIn(known)[0] ?? nameless.filter(Boolean).join(' · ');
}
