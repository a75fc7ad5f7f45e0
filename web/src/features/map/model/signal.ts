// The name of a signal that belongs to no touchpoint. The report writes it as one line: source · event · channel · place …
import type { Text, TouchpointMap } from '../../../app/api/types';

type Channel = TouchpointMap['channels'][number];
/** What stands between the parts of a signal. */
const between = ' · ';
/** Where the channel stands among them. */
const channelAt = 2;

/** Writes a signal with its channel as the map calls it, if the map knows it; the other parts are words of the source's own. */
export function signalName(signal: string, channels: readonly Channel[], read: (text: Text) => string): string {
  const parts = signal.split(between);
  const hint = plain(parts[channelAt] ?? '');
  const channel = channels.find(({ id, name }) => [id, ...wordsOf(name)].some((word) => plain(word) === hint));
  return parts.map((part, at) => (at === channelAt && channel ? read(channel.name) : part)).join(between);
}

function wordsOf(name: Text): string[] {
  return typeof name === 'string' ? [name] : Object.values(name).filter((word) => word !== null);
}

/** Sources write the same channel with a space, a hyphen or an underscore. */
function plain(word: string): string {
  return word.toLowerCase().replaceAll(/[\s_]/g, '-');
}
