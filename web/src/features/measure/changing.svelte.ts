// Changes what a page shows: one change at a time, said with a way back, and the page asks again for what is there now.
import { viewer } from '../../app/viewer.svelte';
import type { Visit } from '../../app/router';
import { toasts } from '../../ui/toast.svelte';

export class Changing {
  isBusy = $state(false);
  #visit: () => Visit;

  constructor(visit: () => Visit) {
    this.#visit = visit;
  }

  /** Does it and says so; tells whether it was done. */
  async do(work: () => Promise<unknown>, said: string, undo?: () => Promise<unknown>): Promise<boolean> {
    this.isBusy = true;
    const back = async () => {
      await undo?.();
      await viewer.refresh(this.#visit());
    };
    try {
      await work();
      toasts.done(said, undo ? back : undefined);
      await viewer.refresh(this.#visit());
      return true;
    } catch (error) {
      toasts.problem(error);
      return false;
    } finally {
      this.isBusy = false;
    }
  }
}
