// What a channel can carry: how long a text is in its own measure, and what stops one from being sent.
import type { MessageFile, Reach } from './api';

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

/** Says what stops files from being sent, as the key of a sentence and what stands in it. */
export function filesStop(
  reach: Reach | null,
  text: string,
  files: readonly MessageFile[],
): { key: 'none' | 'many' | 'apart' | 'caption' | 'kind' | 'large'; name: string; most: number } | null {
  if (!reach || files.length === 0) return null;
  const can = reach.capability.files;
  const stop = (key: 'none' | 'many' | 'apart' | 'caption' | 'kind' | 'large', most = 0, name = '') => ({
    key,
    name,
    most,
  });
  if (!can) return stop('none');
  if (files.length > can.count_max) return stop('many', can.count_max);
  if (text.length > can.caption_max) return can.caption_max === 0 ? stop('apart') : stop('caption', can.caption_max);
  for (const file of files) {
    const isPicture = file.kind === 'image/png' || file.kind === 'image/jpeg';
    if (can.pictures_and_pdf_only && !isPicture && file.kind !== 'application/pdf') return stop('kind', 0, file.name);
    const most = isPicture ? can.picture_max : can.size_max;
    if (file.size > most) return stop('large', Math.floor(most / 1_048_576), file.name);
  }
  return null;
}
