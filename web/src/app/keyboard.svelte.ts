// Single-key shortcuts. They keep still while somebody types, with a modifier held, and where they are switched
// off (people who dictate need that). No key of the browser's own is taken.
import { recall, remember } from './memory';

/** Shortcuts by key, as in `KeyboardEvent.key`. */
export type Shortcuts = Readonly<Record<string, () => void>>;

class Keyboard {
  on = $state(recall('keys') !== 'off');
  private readonly active = new Set<Shortcuts>();

  switch(on: boolean): void {
    this.on = on;
    remember('keys', on ? 'on' : 'off');
  }

  /** Adds shortcuts; returns how to take them away. Those added last are asked first. */
  add(shortcuts: Shortcuts): () => void {
    this.active.add(shortcuts);
    return () => this.active.delete(shortcuts);
  }

  listen(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey || isTaken(event.target)) return;
    if (!this.on && event.key !== 'Escape') return;
    for (const shortcuts of [...this.active].reverse()) {
      const act = shortcuts[event.key];
      if (!act) continue;
      event.preventDefault();
      act();
      return;
    }
  }
}

/** The shortcuts of the page. */
export const keyboard = new Keyboard();

/** Tells whether a key belongs to somebody else: to a field, or to a dialog, which closes itself on Escape. */
function isTaken(target: EventTarget | null): boolean {
  return (
    target instanceof Element &&
    target.closest('input, textarea, select, [contenteditable], [popover], dialog') !== null
  );
}
