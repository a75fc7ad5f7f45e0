// Which of the seven basic forms of contact a touchpoint is of, and what is claimed of that form. Claims are priors: they are
// shown beside what was measured, never in its place.
import type { Touchpoint, TouchpointMap } from '../../../app/api/types';

/** The seven basic forms. */
export type BasicForm = 'advertising' | 'email' | 'personal' | 'social' | 'events' | 'post' | 'phone';

/** What is claimed of a form, in the order of the table. */
export const claims = [
  'cost',
  'reach',
  'personal',
  'identifiable',
  'statistics',
  'feedback',
  'conversion',
  'brand',
  'best',
] as const;

/** One of them. */
export type Claim = (typeof claims)[number];

/** Words in a channel's id that tell its form better than its group does. */
const byId: readonly [RegExp, BasicForm][] = [
  [/mail(?!box)|newsletter/, 'email'],
  [/phone|sms|call|mobile|voice/, 'phone'],
  [/post|letter|print/, 'post'],
  [/event|fair/, 'events'],
];

const byGroup: Readonly<Record<string, BasicForm>> = {
  personal: 'personal',
  social: 'social',
  advertising: 'advertising',
};

/** Returns the basic form of a touchpoint; null where nothing is claimed of its channel. */
export function basicForm(map: TouchpointMap, touchpoint: Touchpoint): BasicForm | null {
  const channel = map.channels.find((entry) => entry.id === touchpoint.channel);
  if (!channel) return null;
  // An advertisement stays one, in whatever it is printed.
  if (channel.group === 'advertising') return 'advertising';
  return byId.find(([pattern]) => pattern.test(channel.id))?.[1] ?? byGroup[channel.group] ?? null;
}
