// Journeys as designed: drawn here, compared with the lived ones, told as a storyboard.
import { api } from '../../app/api/client';
import type { TouchpointMap } from '../../app/api/types';
import { organisation } from '../../app/organisation.svelte';
import { page } from '../../app/page';
import type { KeptJourney } from './api';
import { improve } from './api';

/** What the page is drawn from. */
export interface JourneysData {
  map: TouchpointMap;
  journeys: KeptJourney[];
}

export default page<JourneysData>({
  path: '/journeys/designed/:id?',
  title: { en: 'Designed journeys', fr: 'Parcours prévus', ru: 'План путей' },
  rail: { order: 31, icon: 'M5 5h5v4H5zM14 15h5v4h-5zM7.500 9v5.500a2.500 2.500 0 0 0 2.500 2.500h4' },
  load: async () => {
    const [map, journeys] = await Promise.all([api.map(), improve.journeys()]);
    organisation.learn(map);
    return { map, journeys };
  },
  component: () => import('./journeys/JourneysPage.svelte'),
});
