// The first page: what changed, what to do, how far the objectives are, what waits.
import { api } from '../../app/api/client';
import type { MapReport, TouchpointMap } from '../../app/api/types';
import { organisation } from '../../app/organisation.svelte';
import { page } from '../../app/page';

/** What the overview is drawn from; without a map it shows the way to one. */
export interface OverviewData {
  map: TouchpointMap | null;
  report: MapReport | null;
}

export default page<OverviewData>({
  path: '/',
  title: { en: 'Overview', fr: 'Aperçu', ru: 'Обзор' },
  rail: { order: 5, icon: 'M4 11.500 12 5l8 6.500M6 10v9h12v-9m-8 9v-5h4v5' },
  reloadOn: ['segment'],
  live: true,
  keeps: true,
  load: async ({ query }) => {
    const map = await api.mapIfAny();
    if (map === null) return { map: null, report: null };
    organisation.learn(map);
    return { map, report: await api.report(query.get('segment')) };
  },
  component: () => import('./overview/OverviewPage.svelte'),
});
