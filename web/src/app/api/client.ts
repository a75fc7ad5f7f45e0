// Speaks with the server in the types of its own document. Every failure becomes a `Problem` in three parts: what
// failed, why, and what to do now.
import createClient from 'openapi-fetch';
import type { components, paths } from './schema';
import type { MapReport, TouchpointMap } from './types';

type Telling = components['schemas']['Telling'];

/** Tells what failed, why, and what to do; in English, and by a code where there are words for it (`telling`). `status` is
 * that of HTTP; 0: the server was not reached. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly what = '',
    readonly because = '',
    readonly hint = '',
    readonly telling: Telling | null = null,
  ) {
    super(what);
  }
}

/** The server, by its routes. A room whose questions nobody else asks keeps them in a file `api.ts` of its own. */
export const client = createClient<paths>({
  baseUrl: location.origin,
  headers: { accept: 'application/json' },
  fetch: (request) => fetch(request),
});

/** The server's own interface, as far as pages use it. */
export const api = {
  map: (): Promise<TouchpointMap> => answer(client.GET('/api/map')),
  /** The map; null where none is drawn yet. */
  mapIfAny: (): Promise<TouchpointMap | null> =>
    api.map().catch((problem: unknown) => {
      if (problem instanceof Problem && problem.status === 404) return null;
      throw problem;
    }),
  report: (segment: string | null): Promise<MapReport> =>
    answer(client.GET('/api/measure/map', { params: { query: { segment: segment ?? undefined } } })),
  signIn: (token: string): Promise<unknown> => answer(client.POST('/api/session', { body: { token } })),
  signOut: (): Promise<unknown> => answer(client.DELETE('/api/session')),
};

/** Unwraps an answer, or throws the problem that it tells of. */
export async function answer<Data>(
  asked: Promise<{ data?: Data; error?: unknown; response: Response }>,
): Promise<Data> {
  let got;
  try {
    got = await asked;
  } catch {
    throw new Problem(0); // No answer at all, or one that is no JSON: the server is not there.
  }
  if (got.response.ok) return got.data as Data;
  const told = (got.error ?? {}) as { what?: string; because?: string[]; hint?: string | null; telling?: Telling };
  throw new Problem(got.response.status, told.what, told.because?.join(': '), told.hint ?? undefined, told.telling);
}
