// Says why something was refused.
import { words } from '../../../../app/i18n/language.svelte';
import en from './en';
import fr from './fr';
import ru from './ru';

export const say = words<keyof typeof en>(en, fr, ru);

/** The codes that are known. */
export const codes: ReadonlySet<string> = new Set(Object.keys(en));
