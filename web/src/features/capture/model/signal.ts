// The words of a signal. What our own rooms report comes under codes, which are said in the language of the reader; what
// other sources report stays as they write it, for it is theirs. The channel is called as the map calls it.
import type { Text, TouchpointMap } from '../../../app/api/types';
import { parts, type SignalPart } from './bind';
import type { Signature } from '../api';

type Channels = TouchpointMap['channels'];

/** Our own sources. */
const ours = new Set(['conversations', 'feedback', 'by-hand', 'feeds', 'touchline']);

/** Is a part of a signal: its word, and the code behind it. */
export interface SignalWord {
  part: SignalPart;
  word: string;
  code: string;
}

/** Returns the parts that a signal has, in words. `named` says a key of the catalogue, or returns what it is given. */
export function wordsOf(
  signal: Signature,
  channels: Channels,
  read: (text: Text) => string,
  named: (key: string, otherwise: string) => string,
): SignalWord[] {
  const isOurs = ours.has(signal.source ?? '');
  const word = (part: SignalPart, code: string) => {
    if (part === 'channel') return channelWord(code, channels, read, named);
    return isOurs && (part === 'event' || part === 'source') ? named(`known.${part}.${code}`, code) : code;
  };
  return parts
    .map((part) => ({ part, code: signal[part] ?? '' }))
    .filter(({ code }) => code !== '')
    .map(({ part, code }) => ({ part, code, word: word(part, code) }));
}

/** Calls a channel as the map does, else by the word for what sources usually name. */
export function channelWord(
  code: string,
  channels: Channels,
  read: (text: Text) => string,
  named: (key: string, otherwise: string) => string,
): string {
  const hint = plain(code);
  const channel = channels.find(({ id, name }) => [id, ...spellings(name)].some((word) => plain(word) === hint));
  return channel ? read(channel.name) : named(`known.channel.${hint}`, code);
}

const spellings = (name: Text): string[] =>
  typeof name === 'string' ? [name] : Object.values(name).filter((word) => word !== null);

/** Sources write the same channel with a space, a hyphen or an underscore. */
const plain = (word: string) => word.toLowerCase().replaceAll(/[\s_]/g, '-');
