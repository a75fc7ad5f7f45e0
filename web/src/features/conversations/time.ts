// Time as an inbox tells it: how long ago, how long still, and when something may sleep until. Pure.

/** The unit and number in which a span is told: seconds are too fine, and days enough for what is long. */
export function span(micros: number): { value: number; unit: 'minute' | 'hour' | 'day' } {
  const minutes = Math.round(Math.abs(micros) / 60e6);
  if (minutes < 60) return { value: minutes, unit: 'minute' };
  const hours = Math.round(minutes / 60);
  return hours < 48 ? { value: hours, unit: 'hour' } : { value: Math.round(hours / 24), unit: 'day' };
}

/** Writes a span such as "5 min" in a language. */
export function written(micros: number, language: string): string {
  const { value, unit } = span(micros);
  return new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'short' }).format(value);
}

/** How much of the time to answer is left: 1 at the beginning, 0 when it is due, below when it is late. */
export function left(waitingSince: number, dueAt: number, now: number): number {
  return dueAt <= waitingSince ? -1 : Math.min(1, (dueAt - now) / (dueAt - waitingSince));
}

/** The moments until which something may sleep: in an hour, tomorrow and next Monday at nine, by the reader's clock. */
export function moments(now: Date): { hour: number; tomorrow: number; monday: number } {
  const nine = (days: number) => new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, 9).getTime() * 1000;
  const untilMonday = (8 - now.getDay()) % 7 || 7;
  return { hour: (now.getTime() + 3_600_000) * 1000, tomorrow: nine(1), monday: nine(untilMonday) };
}
