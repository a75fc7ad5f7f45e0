// First steps: look round, say what is to be reached, choose touchpoints for it, and have a map.
import { api } from '../../app/api/client';
import type { TouchpointMap } from '../../app/api/types';
import { organisation } from '../../app/organisation.svelte';
import { page } from '../../app/page';
import type { Business, Start } from './api';
import { goals } from './api';

/** What the page is drawn from. */
export interface StartData {
  start: Start;
  businesses: Business[];
  /** The map, where there is one already. */
  map: TouchpointMap | null;
}

export default page<StartData>({
  path: '/start',
  title: { en: 'First steps', fr: 'Premiers pas', ru: 'Первые шаги' },
  rail: { order: 10, icon: 'M5 21V4m0 0h12l-2.500 4L17 12H5' },
  load: async () => {
    const [start, businesses, present] = await Promise.all([goals.told(), goals.businesses(), api.mapIfAny()]);
    if (present) organisation.learn(present);
    return { start, businesses, map: present };
  },
  component: () => import('./StartPage.svelte'),
});
