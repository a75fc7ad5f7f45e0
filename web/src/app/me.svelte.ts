// Who is signed in, and what they may do. Pages hide what would be refused; the server refuses it in any case.
import { answer, client } from './api/client';
import { organisation } from './organisation.svelte';
import type { components } from './api/schema';

/** Is what somebody is in the organisation. */
export type RoleName = components['schemas']['Role'];

/** The roles, the most powerful first. */
export const roles: readonly RoleName[] = ['owner', 'admin', 'analyst', 'agent', 'viewer'];

class Me {
  name = $state('');
  role = $state<RoleName>('viewer');
  isKnown = $state(false);
  private asking: Promise<void> | null = null;
  keeps = $derived(this.role === 'owner' || this.role === 'admin');
  edits = $derived(this.keeps || this.role === 'analyst');
  answers = $derived(this.keeps || this.role === 'agent');

  /** Asks the server who this is, once however many want to know; a stranger stays unknown. */
  learn(): Promise<void> {
    this.asking ??= this.ask().finally(() => (this.asking = null));
    return this.asking;
  }

  /** Asks unless it is known. */
  async know(): Promise<void> {
    if (!this.isKnown) await this.learn();
  }

  private async ask(): Promise<void> {
    try {
      const who = await answer(client.GET('/api/session'));
      this.name = who.name;
      this.role = roles.find((role) => role === who.role) ?? 'viewer';
      organisation.dress(who.organisation);
      this.isKnown = true;
    } catch {
      this.isKnown = false;
    }
  }

  /** Tells the server which language this member reads: letters of the house are written in it. */
  async reads(language: string): Promise<void> {
    if (!this.isKnown) return;
    // The page is in that language all the same where the server is not reached.
    await answer(client.PUT('/api/account/language', { body: { language } })).catch(() => undefined);
  }

  forget(): void {
    this.isKnown = false;
    this.name = '';
    this.role = 'viewer';
  }
}

/** Who is signed in. */
export const me = new Me();
