import { beforeEach, describe, expect, it, vi } from 'vitest';
import { desk } from './desk.svelte';
import { desk as server, type OnDesk } from './api';

const on = (variant: string, version: number) => ({ variant, version, steps: {} }) as unknown as OnDesk;

const place = vi.hoisted(() => ({ query: new URLSearchParams() }));
vi.mock('../../../app/place.svelte', () => ({ place }));

describe('the desk', () => {
  beforeEach(() => {
    vi.restoreAllMocks();
    place.query = new URLSearchParams('variant=to_be');
  });

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

  it('edits the map that was turned to, though the other is still on the screen', async () => {
    place.query = new URLSearchParams();
    desk.receive(on('as_is', 9));
    place.query = new URLSearchParams('variant=to_be');
    vi.spyOn(server, 'show').mockResolvedValue(on('to_be', 3));
    const edit = vi.spyOn(server, 'edit').mockResolvedValue(on('to_be', 4));
    expect(await desk.edit([])).toBe(true);
    expect(edit).toHaveBeenCalledWith('to_be', 3, []);
    expect(desk.variant).toBe('to_be');
  });
});
