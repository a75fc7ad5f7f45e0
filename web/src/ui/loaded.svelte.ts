// Holds what a part of a page has asked the server for: the answer, or what went wrong, and never an old answer over a new
// one. Who is not signed in any more is led to the door.
import { Problem } from '../app/api/client';
import { place } from '../app/place.svelte';

/** Is an answer on its way, there, or failed. */
export class Loaded<Data> {
  data = $state.raw<Data>();
  problem = $state.raw<Problem | null>(null);
  busy = $state(false);
  private turn = 0;

  constructor(private readonly make: () => Promise<Data>) {}

  /** Asks, or asks again; the old answer stays until the new one is there. */
  async ask(): Promise<void> {
    const turn = ++this.turn;
    this.busy = true;
    try {
      const data = await this.make();
      if (turn === this.turn) {
        this.data = data;
        this.problem = null;
      }
    } catch (error) {
      if (turn !== this.turn) return;
      this.problem = error instanceof Problem ? error : new Problem(0, String(error));
      if (this.problem.status === 401) place.go('/sign-in', { replace: true });
    } finally {
      if (turn === this.turn) this.busy = false;
    }
  }
}
