// Customers: groups by recency, frequency and money, who is a customer still, and whom nobody speaks to.
import { page } from '../../app/page';
import type { load } from './customers/load';

export type CustomersData = Awaited<ReturnType<typeof load>>;

export default page<CustomersData>({
  path: '/measure/customers',
  title: { en: 'Buyers', fr: 'Clients', ru: 'Клиенты' },
  rail: {
    order: 74,
    icon: 'M9 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7Zm-6 9c0-3.500 2.500-6 6-6s6 2.500 6 6m2-15v6m-3-3h6',
  },
  reloadOn: ['segment', 'days', 'model'],
  live: true,
  load: async (visit) => (await import('./customers/load')).load(visit),
  component: () => import('./customers/CustomersPage.svelte'),
});
