// Says the words of segments.
import { words } from '../../../../app/i18n/language.svelte';
import en from './en';
import fr from './fr';
import ru from './ru';

export const say = words<keyof typeof en>(en, fr, ru);

/** A key of the catalogue. */
export type Key = keyof typeof en;
