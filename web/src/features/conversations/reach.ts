// What a channel can carry: how long a text is in its own measure, and what stops one from being sent.
import type { Reach } from './api';

/** The alphabet of telephones (GSM 03.38); the second row takes two places a letter. */
const plain = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
);
const double = new Set('\f^{}\\[~]|€');

/** Counts how many short messages a text takes. */
export function shortMessages(text: string): number {
  let letters = 0;
  for (const letter of text) {
    if (plain.has(letter)) letters += 1;
    else if (double.has(letter)) letters += 2;
    else return text.length <= 70 ? 1 : Math.ceil(text.length / 67);
  }
  return letters <= 160 ? 1 : Math.ceil(letters / 153);
}

/** Counts a text as a channel does. */
export function lengthOf(reach: Reach, text: string): number {
  if (reach.capability.counted === 'sms') return shortMessages(text);
  return reach.capability.counted === 'bytes' ? new TextEncoder().encode(text).length : text.length;
}

/** Says what stops anything from being sent. `now` is in microseconds. */
export function stopOf(reach: Reach | null, now: number): 'off' | 'stopped' | 'closed' | null {
  if (!reach) return null;
  if (reach.is_off) return 'off';
  if (reach.stopped) return 'stopped';
  return reach.free_until != null && reach.free_until < now ? 'closed' : null;
}
