// Says the words of what is claimed of a touchpoint's form, and of the journeys it is in.
import { words } from '../../../../app/i18n/language.svelte';
import en from './en';
import fr from './fr';
import ru from './ru';

export const say = words<keyof typeof en>(en, fr, ru);
/** The keys of the claims. */
export type Key = keyof typeof en;
/** Tells whether something is claimed under a key. */
export const isKey = (key: string): key is Key => key in en;
