// How many customers nobody speaks to; the list of them stops short of all.

/** Is what the server says of the silence towards some customers. */
interface Silence {
  customers: number;
  neglected: { value?: number | null };
}

/** Counts whom nobody speaks to: the first silence is that of everybody asked for. */
export function neglectedOf(silence: readonly Silence[]): number {
  const all = silence[0];
  return all ? Math.round((all.neglected.value ?? 0) * all.customers) : 0;
}
