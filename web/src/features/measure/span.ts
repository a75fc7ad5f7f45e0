// Writes how long something took, in the two largest units that say something: 45 s, 35 min, 33 h 21 min, 12 d 6 h.
import { say } from './words';

const [minute, hour, day] = [60, 3600, 86_400];
const units = { seconds: 1, minutes: minute, hours: hour, days: day } as const;

type Unit = keyof typeof units;

/** Splits a stretch of time into numbers of units, the larger first. Hours are counted up to two days, hours of days up to thirty. */
export function split(seconds: number): [Unit, number][] {
  if (seconds < minute) return [['seconds', Math.round(seconds)]];
  if (seconds < 10 * minute) return parts(seconds, 'minutes', 'seconds');
  if (seconds < hour) return parts(seconds, 'minutes');
  if (seconds < 2 * day) return parts(seconds, 'hours', 'minutes');
  return seconds < 30 * day ? parts(seconds, 'days', 'hours') : parts(seconds, 'days');
}

/** Writes a stretch of time, so that no line breaks within it. */
export function writeSpan(seconds: number): string {
  return split(seconds)
    .map(([unit, n]) => say(`span.short.${unit}`, { n }))
    .join(' ')
    .replaceAll(' ', '\u00a0');
}

/** Rounds to the small unit first, so that 59.8 minutes carry over. */
function parts(seconds: number, large: Unit, small: Unit = large): [Unit, number][] {
  const rounded = Math.round(seconds / units[small]) * units[small];
  const whole = Math.floor(rounded / units[large]);
  const rest = (rounded - whole * units[large]) / units[small];
  return rest === 0
    ? [[large, whole]]
    : [
        [large, whole],
        [small, rest],
      ];
}
