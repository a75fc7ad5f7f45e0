// Short news at the foot of the page, with a way back where there is one: "Deleted. Undo". They stay ten seconds,
// longer while somebody reads or points at them.

/** Is one piece of news. */
export interface Toast {
  id: number;
  text: string;
  tone: 'done' | 'problem';
  undo?: () => void | Promise<void>;
}

/** So long a way back is offered, in milliseconds (UX7: at least ten seconds). */
const life = 10_000;

class Toasts {
  list = $state<Toast[]>([]);
  private next = 1;
  private readonly clocks = new Map<number, ReturnType<typeof setTimeout>>();

  /** Says that something was done, with a way back if there is one. */
  done(text: string, undo?: () => void | Promise<void>): void {
    this.add({ text, tone: 'done', ...(undo ? { undo } : {}) });
  }

  /** Says that something did not work; the reader's input is still where it was. */
  problem(error: unknown): void {
    const told = error as { what?: string; because?: string; hint?: string; message?: string };
    const text = [told.what ?? told.message ?? String(error), told.because, told.hint].filter(Boolean).join('. ');
    this.add({ text, tone: 'problem' });
  }

  async undo(toast: Toast): Promise<void> {
    this.drop(toast.id);
    try {
      await toast.undo?.();
    } catch (error) {
      this.problem(error);
    }
  }

  drop(id: number): void {
    this.hold(id);
    this.list = this.list.filter((toast) => toast.id !== id);
  }

  /** Stops the clock of a piece of news. */
  hold(id: number): void {
    clearTimeout(this.clocks.get(id));
    this.clocks.delete(id);
  }

  /** Starts it anew. */
  release(id: number): void {
    this.hold(id);
    this.clocks.set(
      id,
      setTimeout(() => this.drop(id), life),
    );
  }

  private add(toast: Omit<Toast, 'id'>): void {
    const id = this.next++;
    // Three at most: older ones have been read or never will be.
    for (const old of this.list.slice(0, -2)) this.drop(old.id);
    this.list = [...this.list, { id, ...toast }];
    this.release(id);
  }
}

/** The news. */
export const toasts = new Toasts();
