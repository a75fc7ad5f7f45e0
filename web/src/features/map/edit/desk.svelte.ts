// The desk: the map that is being looked at and edited, one edit after the other. An edit is saved at once and can be
// undone; one that meets the edit of somebody else is not saved, and both are shown.
import { Problem } from '../../../app/api/client';
import { place } from '../../../app/place.svelte';
import { toasts } from '../../../ui/toast.svelte';
import type { TouchpointMap } from '../../../app/api/types';
import { say } from './words';
import { desk as server, Met, type Clashed, type Edit, type OnDesk, type Variant } from './api';

class Desk {
  present = $state.raw<OnDesk | null>(null);
  /** How many edits are on their way. */
  saving = $state(0);
  clash = $state.raw<{ clashed: Clashed; edits: Edit[] } | null>(null);
  private last: Promise<unknown> = Promise.resolve();
  /** What the server had while an own edit was on its way. */
  private missed: OnDesk | null = null;

  map = $derived<TouchpointMap | null>(this.present?.map ?? null);
  variant = $derived<Variant>(this.present?.variant ?? 'as_is');

  /** Takes what the server has, unless an own edit is newer; where one is on its way, after it. */
  receive(got: OnDesk): void {
    if (this.saving > 0) {
      this.missed = got;
      return;
    }
    const older = this.present?.variant === got.variant && this.present.version > got.version;
    if (!older) this.present = got;
  }

  /** Does edits that belong together; `said` is shown with a way back. Returns whether they were saved. */
  edit(edits: Edit[], said = ''): Promise<boolean> {
    return this.send((present) => server.edit(present.variant, present.version, edits), said, edits);
  }

  undo(said: string): Promise<boolean> {
    return this.send(
      (present) => (present.steps.undo ? server.revert(present.variant, present.steps.undo) : Promise.resolve(present)),
      said,
      [],
      false,
    );
  }

  redo(said: string): Promise<boolean> {
    return this.send(
      (present) => (present.steps.redo ? server.revert(present.variant, present.steps.redo) : Promise.resolve(present)),
      said,
      [],
      false,
    );
  }

  restore(version: number, said: string): Promise<boolean> {
    return this.send((present) => server.restore(present.variant, version), said);
  }

  adopt(said: string): Promise<boolean> {
    return this.send(() => server.adopt(), said);
  }

  /** Says what was done, with a way back where it is one's own step. */
  say(text: string, undo = false): void {
    toasts.done(text, undo ? () => void this.undo(say('did.undone')) : undefined);
  }

  /** One after the other: each edit is made on the version that the one before it has come to. */
  private send(
    ask: (present: OnDesk) => Promise<OnDesk>,
    said = '',
    edits: Edit[] = [],
    undo = true,
  ): Promise<boolean> {
    this.saving++;
    // Which of the two maps is meant stands in the address; the one on the screen may still be the other, until it has come.
    const meant: Variant = place.query.get('variant') === 'to_be' ? 'to_be' : 'as_is';
    const turn = this.last.then(async () => {
      if (!this.present) return false;
      try {
        const present = this.present.variant === meant ? this.present : await server.show(meant);
        this.present = await ask(present);
        if (said !== '') this.say(said, undo);
        return true;
      } catch (error) {
        if (error instanceof Met) {
          this.clash = { clashed: error.clashed, edits };
          this.present = error.clashed.newest;
        } else
          toasts.problem(
            error instanceof Problem && error.status === 0 ? new Problem(0, say('problem.unreached')) : error,
          );
        return false;
      } finally {
        this.saving--;
        if (this.saving === 0 && this.missed) {
          const missed = this.missed;
          this.missed = null;
          this.receive(missed);
        }
      }
    });
    this.last = turn;
    return turn;
  }
}

/** The desk of the page. */
export const desk = new Desk();
