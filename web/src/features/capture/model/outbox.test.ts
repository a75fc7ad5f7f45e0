import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Problem } from '../../../app/api/client';
import { drop, keep, send, waiting, waitingMax } from './outbox';

const now = new Date('2026-11-26T10:00:00Z');

describe('outbox', () => {
  beforeEach(() => {
    const kept = new Map<string, string>();
    vi.stubGlobal('localStorage', {
      getItem: (name: string) => kept.get(name) ?? null,
      setItem: (name: string, value: string) => kept.set(name, value),
    });
  });
  afterEach(() => vi.unstubAllGlobals());

  it('keeps what happened when it happened, each with an id of its own', () => {
    expect(keep({ what: 'call' }, now) && keep({ what: 'visit', id: 'own' }, now)).toBe(true);
    expect(waiting().map((entry) => entry.at)).toEqual([now.toISOString(), now.toISOString()]);
    expect(waiting()[0]?.id).toMatch(/^[0-9a-f]{32}$/);
    drop('own');
    expect(waiting()).toHaveLength(1);
  });

  it('sends in order, and waits where the line is dead', async () => {
    for (const what of ['call', 'visit', 'letter'] as const) keep({ what }, now);
    const sent: string[] = [];
    const post = async (entry: { what: string }) => {
      if (entry.what === 'visit') throw new Problem(0);
      sent.push(entry.what);
    };
    expect(await send(post, () => undefined)).toBe(1);
    expect(sent).toEqual(['call']);
    expect(waiting().map((entry) => entry.what)).toEqual(['visit', 'letter']);
    expect(
      await send(
        async () => undefined,
        () => undefined,
      ),
    ).toBe(2);
    expect(waiting()).toEqual([]);
  });

  it('hands back what is refused, and goes on', async () => {
    for (const what of ['call', 'visit'] as const) keep({ what }, now);
    const refused: string[] = [];
    const post = async (entry: { what: string }) => {
      if (entry.what === 'call') throw new Problem(400, 'no');
    };
    expect(await send(post, (entry) => refused.push(entry.what))).toBe(1);
    expect(refused).toEqual(['call']);
    expect(waiting().map((entry) => entry.what)).toEqual(['call']);
  });

  it('has a limit, and survives nonsense', () => {
    localStorage.setItem('touchline.outbox', '{');
    expect(waiting()).toEqual([]);
    localStorage.setItem('touchline.outbox', JSON.stringify(Array(waitingMax).fill({ what: 'call' })));
    expect(keep({ what: 'call' }, now)).toBe(false);
  });
});
