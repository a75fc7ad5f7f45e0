// Keeps what is told while somebody tells it: what is on the screen is what counts, the server follows a moment later.
import { Problem } from '../../app/api/client';
import { toasts } from '../../ui/toast.svelte';
import type { Setup, Start } from './api';
import { goals, nothing } from './api';

/** So long nothing is sent while somebody types, in milliseconds. */
const pause = 500;

export class Keeper {
  setup = $state<Setup>(nothing);
  /** What follows from what was told, as the server last said. */
  start = $state.raw<Start>({ told: { version: 0, setup: nothing }, tools: [] });
  state = $state<'kept' | 'waiting' | 'failed'>('kept');
  private clock: ReturnType<typeof setTimeout> | undefined;
  private sending: Promise<void> = Promise.resolve();

  constructor(start: Start) {
    this.learn(start);
    this.setup = structuredClone(start.told.setup);
  }

  /** Changes part of what is told. */
  change(part: Partial<Setup>): void {
    this.setup = { ...this.setup, ...part };
    this.state = 'waiting';
    clearTimeout(this.clock);
    this.clock = setTimeout(() => void this.keep(), pause);
  }

  /** Sends what is not kept yet, and waits until it is. */
  async keep(): Promise<boolean> {
    clearTimeout(this.clock);
    // One after the other: each stands on the version of the one before.
    this.sending = this.sending.then(() => (this.state === 'kept' ? undefined : this.send()));
    await this.sending;
    return this.state === 'kept';
  }

  private async send(): Promise<void> {
    const sent = $state.snapshot(this.setup);
    try {
      this.learn(await goals.tell({ version: this.start.told.version, setup: sent }));
      if (JSON.stringify(sent) === JSON.stringify($state.snapshot(this.setup))) this.state = 'kept';
    } catch (error) {
      this.state = 'failed';
      if (error instanceof Problem && error.status === 409) await this.meet();
      toasts.problem(error);
    }
  }

  /** Takes up what somebody else told meanwhile; what stands here stays on the screen, and is kept with the next change. */
  private async meet(): Promise<void> {
    const theirs = await goals.told().catch(() => null);
    if (theirs) this.learn(theirs);
  }

  private learn(start: Start): void {
    this.start = start;
  }
}
