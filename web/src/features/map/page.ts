// The map: segments by stages, every touchpoint with its verdict, and the card of one touchpoint beside it.
import { Problem, api } from '../../app/api/client';
import { desk as server } from './edit/api';
import type { MapReport, TouchpointMap } from '../../app/api/types';
import { organisation } from '../../app/organisation.svelte';
import { page } from '../../app/page';
import { place } from '../../app/place.svelte';

/** What the map page is drawn from: the design, and what is lived. */
export interface MapData {
  map: TouchpointMap;
  report: MapReport;
}

export default page<MapData>({
  path: '/map/:touchpoint?',
  title: { en: 'Map', fr: 'Carte', ru: 'Карта' },
  rail: { order: 20, icon: 'M9 4 3.500 6v14L9 18l6 2 5.500-2V4L15 6 9 4Zm0 0v14m6-12v14' },
  reloadOn: ['segment', 'variant'],
  live: true,
  load: async ({ query }) => {
    const variant = query.get('variant') === 'to_be' ? 'to_be' : 'as_is';
    const here = server.show(variant).catch((problem: unknown) => {
      // Where there is no map, the way to one is the answer.
      if (problem instanceof Problem && problem.status === 404 && variant === 'as_is') {
        place.go('/start', { replace: true });
      }
      throw problem;
    });
    const [present, report, { desk }] = await Promise.all([
      here,
      api.report(query.get('segment')),
      import('./edit/desk.svelte'),
    ]);
    organisation.learn(present.map);
    desk.receive(present);
    return { map: present.map, report };
  },
  component: () => import('./MapPage.svelte'),
});
