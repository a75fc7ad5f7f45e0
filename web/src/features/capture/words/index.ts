// Says the words of this room.
import { words } from '../../../app/i18n/language.svelte';
import en from './en';
import fr from './fr';
import ru from './ru';

export const say = words<keyof typeof en>(en, fr, ru);

/** A key of the catalogue. */
export type Key = keyof typeof en;

/** Says what the server names by a code; a code without a word stays as it is. */
export const named = (key: string, otherwise: string): string => (key in en ? say(key as Key) : otherwise);
