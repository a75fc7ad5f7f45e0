import { describe, expect, it, vi } from 'vitest';
import { api, Problem } from './client';

async function check(answer: () => Promise<Response>, expected: object) {
  vi.stubGlobal('fetch', vi.fn(answer));
  const problem = await api.map().catch((error: unknown) => error);
  expect(problem).toBeInstanceOf(Problem);
  expect(problem).toMatchObject(expected);
}

describe('client', () => {
  it('tells what failed, why, and what to do', () => {
    const body = {
      what: 'no map yet',
      because: ['the directory is empty', 'nothing was applied'],
      hint: 'touchline init',
    };
    return check(() => Promise.resolve(Response.json(body, { status: 404 })), {
      status: 404,
      what: 'no map yet',
      because: 'the directory is empty: nothing was applied',
      hint: 'touchline init',
    });
  });

  it('tells a missing server from one that refuses', async () => {
    await check(() => Promise.reject(new TypeError('refused')), { status: 0, what: '' });
    await check(() => Promise.resolve(new Response('Bad gateway', { status: 502 })), { status: 502 });
  });
});
