// The questions of this room to the server, and the short names of what it answers. What names somebody travels in bodies.
import { answer, client } from '../../app/api/client';
import type { components } from '../../app/api/schema';

type Schemas = components['schemas'];

export type Because = Schemas['Because'];
export type Consents = Schemas['Consents'];
export type KnownName = Schemas['KnownName'];
export type ListedPerson = Schemas['ListedPerson'];
export type Met = Schemas['Met'];
export type PeopleAsked = Schemas['PeopleAsked'];
export type PeoplePage = Schemas['PeoplePage'];
export type Person = Schemas['Person'];
export type Receipt = Schemas['ErasureReceipt'];
export type Timeline = Schemas['Timeline'];
export type ToldDecision = Schemas['ToldDecision'];
export type ToReview = Schemas['ToReview'];

/** Is a name in full. */
export interface Name {
  namespace: string;
  value: string;
}

const at = (id: string) => ({ params: { path: { id } } });

export const people = {
  list: (body: Partial<PeopleAsked>): Promise<PeoplePage> =>
    answer(client.POST('/api/people/list', { body: body as PeopleAsked })),
  person: (id: string): Promise<Person> => answer(client.GET('/api/people/{id}', at(id))),
  ties: (id: string): Promise<Because[]> => answer(client.GET('/api/people/{id}/ties', at(id))),
  timeline: (id: string, after?: string): Promise<Timeline> =>
    answer(client.GET('/api/people/{id}/timeline', { params: { path: { id }, query: { limit: 50, after } } })),
  merge: (one: Name, other: Name): Promise<{ decision?: number | null }> =>
    answer(client.POST('/api/people/merge', { body: { one, other } })),
  split: (one: Name, other: Name): Promise<{ decision?: number | null }> =>
    answer(client.POST('/api/people/split', { body: { one, other } })),
  undo: (decision: number): Promise<unknown> => answer(client.POST('/api/people/undo', { body: { decision } })),
  review: (): Promise<{ count: number; waiting: ToReview[] }> => answer(client.GET('/api/people/review')),
  decisions: (): Promise<ToldDecision[]> => answer(client.GET('/api/people/decisions')),
  consent: (who: Name, said: Consents, proof: string): Promise<Consents> =>
    answer(client.POST('/api/people/consent', { body: { who, said, proof } })),
  restrict: (who: Name, restricted: boolean, note: string): Promise<unknown> =>
    answer(client.POST('/api/people/restrict', { body: { who, restricted, note } })),
  export: (who: Name): Promise<unknown> => answer(client.POST('/api/people/export', { body: who })),
  extent: (who: Name): Promise<{ identities: number; interactions: number }> =>
    answer(client.POST('/api/people/erase/extent', { body: who })),
  erase: (who: Name): Promise<Receipt> => answer(client.POST('/api/people/erase', { body: who })),
  receipts: (): Promise<Receipt[]> => answer(client.GET('/api/people/erasures')),
};

/** Returns a name in full; null where its text is gone. */
export function nameOf(known: KnownName | undefined): Name | null {
  return known?.namespace && known.value ? { namespace: known.namespace, value: known.value } : null;
}
