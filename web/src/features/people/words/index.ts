// Says the words of this room.
import { words } from '../../../app/i18n/language.svelte';
import en from './en';
import fr from './fr';
import ru from './ru';

export const say = words<keyof typeof en>(en, fr, ru);

/** A key of the catalogue. */
export type Key = keyof typeof en;

const named = (key: string, otherwise: string): string => (key in en ? say(key as Key) : otherwise);

/** Names a kind of identity, such as `customer` or `customer_id`; one that is not known is shown as it is. */
export const kindName = (namespace: string): string => named(`name.${namespace.replace(/_id$/, '')}`, namespace);

/** Names the source of an interaction: those of this installation itself by words, others as they are called. */
export const sourceName = (source: string): string => named(`source.${source}`, source);
