// People: whom we know, what happened between them and us, why several names are one person, and what they may ask of us.
import { api, Problem } from '../../app/api/client';
import type { TouchpointMap } from '../../app/api/types';
import { organisation } from '../../app/organisation.svelte';
import { page } from '../../app/page';

/** What every part may use. */
export interface PeopleRoom {
  map: TouchpointMap | null;
}

export default page<PeopleRoom>({
  path: '/people/:person?',
  title: { en: 'People', fr: 'Personnes', ru: 'Люди' },
  rail: {
    order: 40,
    icon: 'M9 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7ZM2.500 20c0-8 13-8 13 0M16 4.500a3.500 3.500 0 0 1 0 6.500M18 14c2.500 1 3.500 3 3.500 6',
  },
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
  component: () => import('./PeoplePage.svelte'),
});
