// Says what the server tells by a code. The codes are those of its document: one without words does not compile.
import type { components } from '../../../../app/api/schema';
import { words } from '../../../../app/i18n/language.svelte';
import en from './en';
import fr from './fr';
import ru from './ru';

export type Code = components['schemas']['TellingCode'];

export const say = words<Code>(en, fr, ru);

/** Tells whether there are words for a code. */
export const isKnown = (code: string): code is Code => Object.hasOwn(en, code);
