// What the desk asks the server, and the names of its documents.
import { answer, client, Problem } from '../../../app/api/client';
import type { components } from '../../../app/api/schema';

type Schemas = components['schemas'];

export type Clash = Schemas['MapClash'];
export type Cell = Schemas['Cell'];
export type Channel = Schemas['Channel'];
export type Clashed = Schemas['MapClashed'];
export type Edit = Schemas['MapEdit'];
export type HistoryEntry = Schemas['MapEntry'];
export type Idea = Schemas['MapIdea'];
export type Line = Schemas['MapLine'];
export type Offers = Schemas['MapOffers'];
export type OnDesk = Schemas['MapOnDesk'];
export type Share = Schemas['MapShare'];
export type Shared = Schemas['MapShared'];
export type Variant = Schemas['MapVariant'];

/** An edit that met another one: both values are shown, nothing was saved. */
export class Met extends Error {
  constructor(readonly clashed: Clashed) {
    super(clashed.what);
  }
}

/** Unwraps an answer to an edit. */
async function settled(asked: Promise<{ data?: OnDesk; error?: unknown; response: Response }>): Promise<OnDesk> {
  const got = await asked.catch(() => {
    throw new Problem(0);
  });
  if (got.response.status === 409) throw new Met(got.error as Clashed);
  return answer(Promise.resolve(got));
}

export const desk = {
  show: (variant: Variant): Promise<OnDesk> => answer(client.GET('/api/map/desk', { params: { query: { variant } } })),
  edit: (variant: Variant, base: number, edits: Edit[]): Promise<OnDesk> =>
    settled(client.PATCH('/api/map', { body: { variant, base, edits } })),
  revert: (variant: Variant, version: number): Promise<OnDesk> =>
    settled(client.POST('/api/map/revert', { body: { variant, version } })),
  restore: (variant: Variant, version: number): Promise<OnDesk> =>
    settled(client.POST('/api/map/restore', { body: { variant, version } })),
  history: (variant: Variant, before?: number): Promise<HistoryEntry[]> =>
    answer(client.GET('/api/map/history', { params: { query: { variant, before } } })),
  diff: (from: number, to: number): Promise<Line[]> =>
    answer(client.GET('/api/map/diff', { params: { query: { from, to } } })),
  plan: (): Promise<OnDesk> => answer(client.POST('/api/map/plan')),
  dropPlan: (): Promise<unknown> => answer(client.DELETE('/api/map/plan')),
  adopt: (): Promise<OnDesk> => settled(client.POST('/api/map/plan/adopt')),
  offers: (): Promise<Offers> => answer(client.GET('/api/map/catalogue')),
  ideas: (): Promise<Idea[]> => answer(client.GET('/api/map/ideas')),
  addIdea: (body: string): Promise<Idea> => answer(client.POST('/api/map/ideas', { body: { body } })),
  changeIdea: (id: number, fate: Schemas['MapIdeaFate']): Promise<unknown> =>
    answer(client.PATCH('/api/map/ideas/{id}', { params: { path: { id } }, body: fate })),
  dropIdea: (id: number): Promise<unknown> =>
    answer(client.DELETE('/api/map/ideas/{id}', { params: { path: { id } } })),
  shares: (): Promise<Share[]> => answer(client.GET('/api/map/shares')),
  share: (wish: Schemas['MapShareWish']): Promise<Schemas['MapShareMade']> =>
    answer(client.POST('/api/map/shares', { body: wish })),
  revoke: (id: number): Promise<unknown> => answer(client.DELETE('/api/map/shares/{id}', { params: { path: { id } } })),
  shared: (token: string): Promise<Shared> => answer(client.GET('/api/share/{token}', { params: { path: { token } } })),
};
