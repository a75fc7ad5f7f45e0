// Entries by hand that could not be sent yet. They are kept in this browser until the server has them, so that neither a
// dead line nor a reload loses one. Each bears an id of its own, so that one which was sent and never answered counts once.
import { Problem } from '../../../app/api/client';
import { recall, remember } from '../../../app/memory';
import type { HandEntry } from '../api';

const drawer = 'outbox';
/** So many wait; who enters more than that without a line had better write to a file. */
export const waitingMax = 500;

/** Returns the entries that wait, the oldest first. */
export function waiting(): HandEntry[] {
  try {
    const kept: unknown = JSON.parse(recall(drawer) ?? '[]');
    return Array.isArray(kept) ? (kept as HandEntry[]) : [];
  } catch {
    return [];
  }
}

/** Keeps an entry; false where there is no more room. It is stamped now: it may be sent hours later. */
export function keep(entry: HandEntry, now: Date): boolean {
  const all = waiting();
  if (all.length >= waitingMax) return false;
  remember(drawer, JSON.stringify([...all, { ...entry, id: entry.id ?? drawn(), at: entry.at ?? now.toISOString() }]));
  return waiting().length === all.length + 1;
}

/** Takes an entry out: it was sent, or thrown away. */
export function drop(id: string): void {
  remember(drawer, JSON.stringify(waiting().filter((entry) => entry.id !== id)));
}

/**
 * Sends what waits, the oldest first. What the server refuses is handed to `refused` and stays for its writer to mend or
 * throw away; where the line is dead, or the server busy, the rest waits. Returns how many were sent.
 */
export async function send(
  post: (entry: HandEntry) => Promise<unknown>,
  refused: (entry: HandEntry, problem: Problem) => void,
): Promise<number> {
  let sent = 0;
  for (const entry of waiting()) {
    try {
      await post(entry);
      drop(entry.id ?? '');
      sent++;
    } catch (error) {
      const problem = error instanceof Problem ? error : new Problem(0);
      if (problem.status !== 400) break;
      refused(entry, problem);
    }
  }
  return sent;
}

/** Draws an id. `crypto.randomUUID` is not there over plain HTTP, and a till may be reached so. */
function drawn(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
