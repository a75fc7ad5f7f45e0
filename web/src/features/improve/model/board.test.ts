import { describe, expect, it } from 'vitest';
import type { Task } from '../api';
import { cardsOf, droppedOn, isLate, moved } from './board';

const task = (id: number, status: Task['status'], place: number, due: string | null = null): Task => ({
  id,
  status,
  place,
  due,
  title: `task ${id}`,
  touchpoint: null,
  verdict: null,
  expected: null,
  owner: '',
  note: '',
  created_at: 0,
  created_by: '',
  started_at: null,
  done_at: null,
});
const tasks = [task(1, 'open', 1), task(2, 'open', 2), task(3, 'open', 3), task(4, 'doing', 9), task(5, 'dropped', 4)];

/** The order of the open column after a change. */
const after = (id: number, change: ReturnType<typeof moved>) =>
  cardsOf(
    tasks.map((one) => (one.id === id ? { ...one, ...(change as Partial<Task>) } : one)),
    'open',
  ).map((one) => one.id);

describe('the board', () => {
  it('moves a card up and down, and not out of its column', () => {
    expect(after(3, moved(tasks, 3, { columns: 0, places: -1 }))).toEqual([1, 3, 2]);
    expect(after(3, moved(tasks, 3, { columns: 0, places: -2 }))).toEqual([3, 1, 2]);
    expect(after(1, moved(tasks, 1, { columns: 0, places: 1 }))).toEqual([2, 1, 3]);
    expect(moved(tasks, 1, { columns: 0, places: -1 })).toBeNull();
    expect(moved(tasks, 3, { columns: 0, places: 1 })).toBeNull();
  });

  it('moves a card to the end of the next column', () => {
    expect(moved(tasks, 1, { columns: 1, places: 0 })).toEqual({ status: 'doing', place: 10 });
    expect(moved(tasks, 4, { columns: 1, places: 0 })).toEqual({ status: 'done', place: 1 });
    expect(moved(tasks, 1, { columns: -1, places: 0 })).toBeNull();
    expect(moved(tasks, 5, { columns: 1, places: 0 })).toBeNull();
  });

  it('puts a dropped card before the one under it', () => {
    expect(after(3, droppedOn(tasks, 3, 'open', 1))).toEqual([3, 1, 2]);
    expect(after(1, droppedOn(tasks, 1, 'open', null))).toEqual([2, 3, 1]);
    expect(droppedOn(tasks, 1, 'open', 1)).toBeNull();
    expect(droppedOn(tasks, 1, 'done', null)).toEqual({ status: 'done', place: 1 });
  });

  it('knows what is late', () => {
    expect(isLate(task(1, 'open', 1, '2026-11-30'), '2026-12-01')).toBe(true);
    expect(isLate(task(1, 'open', 1, '2026-12-01'), '2026-12-01')).toBe(false);
    expect(isLate(task(1, 'done', 1, '2026-11-30'), '2026-12-01')).toBe(false);
    expect(isLate(task(1, 'open', 1), '2026-12-01')).toBe(false);
  });
});
