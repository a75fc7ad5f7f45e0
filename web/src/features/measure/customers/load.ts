// What the page of customers is drawn from; apart from the page's manifest, which every page loads.
import { answer, api, client } from '../../../app/api/client';
import { organisation } from '../../../app/organisation.svelte';
import type { Visit } from '../../../app/router';

/** The lengths of silence one can ask for, in days. */
export const silences = [30, 60, 90, 180] as const;

/** Asks for the map, the customer base, and whom nobody speaks to. */
export async function load({ query }: Visit) {
  const segment = query.get('segment') ?? undefined;
  const days = silences.find((days) => String(days) === query.get('days')) ?? 90;
  const model = query.get('model') === 'pareto_nbd' ? 'pareto_nbd' : 'bg_nbd';
  const [map, base, neglect] = await Promise.all([
    api.map(),
    answer(client.GET('/api/measure/customers', { params: { query: { segment, model } } })),
    answer(client.GET('/api/measure/neglected', { params: { query: { segment, days } } })),
  ]);
  organisation.learn(map);
  return { map, base, neglect };
}
