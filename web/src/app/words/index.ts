// Says the shell's words, and those that every room uses: verdicts, evidence, "how computed".
import { words } from '../i18n/language.svelte';
import en from './en';
import fr from './fr';
import ru from './ru';

export const say = words<keyof typeof en>(en, fr, ru);

/** Tells whether there are words for a key that comes from outside, such as the name of a method. */
export const knows = (key: string): key is keyof typeof en => key in en;
