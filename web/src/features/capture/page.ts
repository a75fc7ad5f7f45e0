// Where what happens comes in: what arrives now, what no touchpoint claims, sources, refusals, imports, entries by hand, and
// the other ways in. Each part asks for its own data, so that one which is slow or refused holds up none of the others.
import { api, Problem } from '../../app/api/client';
import type { TouchpointMap } from '../../app/api/types';
import { organisation } from '../../app/organisation.svelte';
import { page } from '../../app/page';

/** What every part may use. */
export interface DataRoom {
  /** The map; none while there is none. */
  map: TouchpointMap | null;
}

export default page<DataRoom>({
  path: '/data/:part?/:item?',
  title: { en: 'Data', fr: 'Données', ru: 'Данные' },
  rail: { order: 90, icon: 'M4 6c0-3 16-3 16 0v12c0 3-16 3-16 0V6Zm0 0c0 3 16 3 16 0M4 12c0 3 16 3 16 0' },
  load: async () => {
    try {
      const map = await api.map();
      organisation.learn(map);
      return { map };
    } catch (error) {
      if (error instanceof Problem && error.status === 404) return { map: null };
      throw error;
    }
  },
  component: () => import('./DataPage.svelte'),
});
