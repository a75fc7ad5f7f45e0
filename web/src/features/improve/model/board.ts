// The backlog as a board: columns by status, cards in their order, and where a card goes when it is moved.
import type { Task, TaskChange, TaskStatus } from '../api';

/** The columns, in the direction of work. Dropped tasks stand below the board. */
export const columns: readonly TaskStatus[] = ['open', 'doing', 'done'];

/** Returns the cards of a column in their order. */
export function cardsOf(tasks: readonly Task[], status: TaskStatus): Task[] {
  return tasks.filter((task) => task.status === status).sort((a, b) => a.place - b.place || a.id - b.id);
}

/**
 * Says what changes when a card is moved by so many columns and so many places; null where it cannot go there.
 *
 * A card that changes its column goes to the end of the new one.
 */
export function moved(tasks: readonly Task[], id: number, by: { columns: number; places: number }): TaskChange | null {
  const task = tasks.find((candidate) => candidate.id === id);
  if (!task) return null;
  const status = columns[columns.indexOf(task.status) + by.columns];
  if (!status || !columns.includes(task.status)) return null;
  if (by.columns !== 0) {
    const last = cardsOf(tasks, status).at(-1);
    return { status, place: (last?.place ?? 0) + 1 };
  }
  const cards = cardsOf(tasks, status).filter((card) => card.id !== id);
  const at = cardsOf(tasks, status).findIndex((card) => card.id === id) + by.places;
  if (at < 0 || at > cards.length || by.places === 0) return null;
  return { place: between(cards[at - 1]?.place, cards[at]?.place) };
}

/** Says what changes when a card is dropped on a place of a column: before the card with that id, or at its end. */
export function droppedOn(
  tasks: readonly Task[],
  id: number,
  status: TaskStatus,
  before: number | null,
): TaskChange | null {
  if (before === id) return null;
  const cards = cardsOf(tasks, status).filter((card) => card.id !== id);
  const found = before === null ? -1 : cards.findIndex((card) => card.id === before);
  const at = found < 0 ? cards.length : found;
  return { status, place: between(cards[at - 1]?.place, cards[at]?.place) };
}

/** Finds a place between two neighbours, either of which may be missing. */
function between(before: number | undefined, after: number | undefined): number {
  if (before === undefined) return (after ?? 2) - 1;
  return after === undefined ? before + 1 : (before + after) / 2;
}

/** Tells whether a task is late on a day, written as `2026-12-01`. */
export function isLate(task: Task, today: string): boolean {
  return (task.status === 'open' || task.status === 'doing') && task.due != null && task.due < today;
}
