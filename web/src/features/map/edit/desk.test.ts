import { describe, expect, it, vi } from 'vitest';
import { desk } from './desk.svelte';
import { desk as server, type OnDesk } from './api';

const on = (variant: string, version: number) => ({ variant, version, steps: {} }) as unknown as OnDesk;

describe('the desk', () => {
  it('shows what somebody turned to while an edit was on its way', async () => {
    let saved = (_: OnDesk) => {};
    vi.spyOn(server, 'edit').mockReturnValue(new Promise((done) => (saved = done)));
    desk.receive(on('to_be', 1));
    const edit = desk.edit([]);
    desk.receive(on('as_is', 7));
    expect(desk.variant).toBe('to_be');
    saved(on('to_be', 2));
    await edit;
    expect(desk.variant).toBe('as_is');
    desk.receive(on('as_is', 6));
    expect(desk.present?.version).toBe(7);
  });
});
