// The first page: what changed, what to do, how far the objectives are, what waits.
import { answer, api, client, Problem } from '../../app/api/client';
import type { components } from '../../app/api/schema';
import type { MapReport, TouchpointMap } from '../../app/api/types';
import { me } from '../../app/me.svelte';
import { organisation } from '../../app/organisation.svelte';
import { page } from '../../app/page';

type Schemas = components['schemas'];

/** What the overview is drawn from; without a map it shows the way to one. */
export interface OverviewData {
  map: TouchpointMap | null;
  report: MapReport | null;
  changes: Schemas['VerdictChange'][];
  /** What is to be answered; none: not for this reader, or not known. */
  inbox: Schemas['InboxSummary'] | null;
}

export default page<OverviewData>({
  path: '/',
  title: { en: 'Overview', fr: 'Aperçu', ru: 'Обзор' },
  rail: { order: 5, icon: 'M4 11.500 12 5l8 6.500M6 10v9h12v-9m-8 9v-5h4v5' },
  reloadOn: ['segment'],
  live: true,
  load: async ({ query }) => {
    const nothing = { map: null, report: null, changes: [], inbox: null };
    const map = await api.map().catch((error: unknown) => {
      if (error instanceof Problem && error.status === 404) return null;
      throw error;
    });
    if (map === null) return nothing;
    organisation.learn(map);
    await me.know();
    const [report, changes, inbox] = await Promise.all([
      api.report(query.get('segment')),
      answer(client.GET('/api/improve/changes')).catch(() => []),
      me.answers ? answer(client.GET('/api/conversations/summary')).catch(() => null) : null,
    ]);
    return { map, report, changes, inbox };
  },
  component: () => import('./overview/OverviewPage.svelte'),
});
