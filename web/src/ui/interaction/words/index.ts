// Names the forms and directions of interactions, for every room alike. One that is not known yet is shown as it is.
import { words } from '../../../app/i18n/language.svelte';
import en from './en';
import fr from './fr';
import ru from './ru';

type Key = keyof typeof en;
const say = words<Key>(en, fr, ru);
const named = (key: string, otherwise: string): string => (key in en ? say(key as Key) : otherwise);

export const formName = (form: string): string => named(`form.${form}`, form);
export const directionName = (direction: string): string => named(`direction.${direction}`, direction);
