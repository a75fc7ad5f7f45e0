// Brings a page on the screen: its component and its data together, again after a failure, and never an old
// answer over a new one.
import { Problem } from './api/client';
import type { Page, PageProps } from './page';
import type { Visit } from './router';
import type { Component } from 'svelte';

class Viewer {
  page = $state.raw<Page | null>(null);
  component = $state.raw<Component<PageProps<unknown>> | null>(null);
  data = $state.raw<unknown>(undefined);
  problem = $state.raw<Problem | null>(null);
  /** Whether newer data are on their way while the old ones are still shown. */
  busy = $state(false);
  private turn = 0;
  /** What was last shown of pages that keep it. */
  private readonly kept = new Map<string, unknown>();

  /** Shows a page. Data of the same page stay until the new ones are there, and so do those that a page keeps. */
  async show(page: Page, visit: Visit): Promise<void> {
    const turn = ++this.turn;
    if (page !== this.page) {
      this.component = null;
      this.data = this.kept.get(keyOf(page, visit));
    }
    this.page = page;
    this.problem = null;
    this.busy = true;
    const component = page.component().then((module) => {
      if (turn === this.turn) this.component = module.default;
    });
    try {
      const [data] = await Promise.all([page.load(visit), component]);
      if (turn === this.turn) this.take(page, visit, data);
    } catch (error) {
      if (turn === this.turn) this.problem = error instanceof Problem ? error : new Problem(0, String(error));
    } finally {
      if (turn === this.turn) this.busy = false;
    }
  }

  /** Asks again for the data of the page on the screen, which stays as it is until they come: nothing dims, and a
   * failure is left to the next time. */
  async refresh(visit: Visit): Promise<void> {
    const { page, turn } = this;
    if (!page || this.busy || this.problem) return;
    const data = await page.load(visit).catch(() => undefined);
    if (data !== undefined && turn === this.turn) this.take(page, visit, data);
  }

  /** Forgets what pages keep: it was for the eyes of whoever leaves. */
  forget(): void {
    this.kept.clear();
  }

  private take(page: Page, visit: Visit, data: unknown): void {
    this.data = data;
    if (page.keeps) this.kept.set(keyOf(page, visit), data);
  }
}

/** Names what a page shows at an address. */
function keyOf(page: Page, visit: Visit): string {
  return JSON.stringify([visit.path, ...(page.reloadOn ?? []).map((name) => visit.query.get(name))]);
}

/** What is on the screen. */
export const viewer = new Viewer();
