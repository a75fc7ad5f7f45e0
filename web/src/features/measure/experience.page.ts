// Experience: what customers say, how long they wait for an answer, and what matters to them.
import { answer, api, client } from '../../app/api/client';
import type { TouchpointMap } from '../../app/api/types';
import { organisation } from '../../app/organisation.svelte';
import { page } from '../../app/page';

const ask = (segment: string | undefined) =>
  answer(client.GET('/api/measure/experience', { params: { query: { segment } } }));

/** What the server tells of experience. */
export type ExperienceReport = Awaited<ReturnType<typeof ask>>;

/** What the page is drawn from. */
export interface ExperienceData {
  map: TouchpointMap;
  report: ExperienceReport;
}

export default page<ExperienceData>({
  path: '/measure/experience',
  title: { en: 'Opinions', fr: 'Avis', ru: 'Мнения' },
  rail: { order: 72, icon: 'M4 5h16v11H9l-5 4V5Zm4 4h8m-8 3h5' },
  reloadOn: ['segment'],
  live: true,
  load: async ({ query }) => {
    const segment = query.get('segment') ?? undefined;
    const [map, report] = await Promise.all([api.map(), ask(segment)]);
    organisation.learn(map);
    return { map, report };
  },
  component: () => import('./experience/ExperiencePage.svelte'),
});
