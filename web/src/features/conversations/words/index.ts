// Says the words of conversations.
import { words } from '../../../app/i18n/language.svelte';
import en from './en';
import fr from './fr';
import ru from './ru';

export type Key = keyof typeof en;
export const say = words<Key>(en, fr, ru);

const is = (key: string): key is Key => key in en;

/** Names a channel. */
export const channelName = (channel: string): string =>
  is(`channel.${channel}`) ? say(`channel.${channel}` as Key) : channel;

/** Says what happened to a conversation. */
export function whatHappened(meta: Record<string, unknown>, author: string): string {
  const key = `event.${String(meta.what)}`;
  const to = String(meta.to ?? '');
  if (meta.what === 'assigned' && typeof meta.team === 'string')
    return say(meta.team === '' ? 'event.team.none' : 'event.team', { name: author, team: meta.team });
  if (meta.what === 'assigned' && to === '') return say('event.released', { name: author });
  const labels = Array.isArray(meta.labels) ? meta.labels.join(', ') : '';
  return is(key) ? say(key, { name: author, to, labels }) : key;
}

/** Names what became of a letter. */
export const letterState = (state: string): string => (is(`letter.${state}`) ? say(`letter.${state}` as Key) : state);

/** Names a channel, class, window, action or reason of the contact policy. */
export const contactWord = (name: string): string => (is(`word.${name}`) ? say(`word.${name}` as Key) : name);
