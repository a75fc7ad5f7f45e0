// Customers: groups by recency, frequency and money, who is a customer still, and whom nobody speaks to.
import { answer, api, client } from '../../app/api/client';
import type { TouchpointMap } from '../../app/api/types';
import { organisation } from '../../app/organisation.svelte';
import { page } from '../../app/page';

const ask = (query: { segment: string | undefined; model: 'bg_nbd' | 'pareto_nbd' }) =>
  answer(client.GET('/api/measure/customers', { params: { query } }));
const askNeglected = (query: { segment: string | undefined; days: number }) =>
  answer(client.GET('/api/measure/neglected', { params: { query } }));

/** What the page is drawn from. */
export interface CustomersData {
  map: TouchpointMap;
  base: Awaited<ReturnType<typeof ask>>;
  neglect: Awaited<ReturnType<typeof askNeglected>>;
}

/** The lengths of silence one can ask for, in days. */
export const silences = [30, 60, 90, 180] as const;

export default page<CustomersData>({
  path: '/measure/customers',
  title: { en: 'Buyers', fr: 'Clients', ru: 'Клиенты' },
  rail: {
    order: 74,
    icon: 'M9 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7Zm-6 9c0-3.500 2.500-6 6-6s6 2.500 6 6m2-15v6m-3-3h6',
  },
  reloadOn: ['segment', 'days', 'model'],
  live: true,
  load: async ({ query }) => {
    const segment = query.get('segment') ?? undefined;
    const days = silences.find((days) => String(days) === query.get('days')) ?? 90;
    const model = query.get('model') === 'pareto_nbd' ? 'pareto_nbd' : 'bg_nbd';
    const [map, base, neglect] = await Promise.all([
      api.map(),
      ask({ segment, model }),
      askNeglected({ segment, days }),
    ]);
    organisation.learn(map);
    return { map, base, neglect };
  },
  component: () => import('./customers/CustomersPage.svelte'),
});
