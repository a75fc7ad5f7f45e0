// Segments: who belongs to each, by rules on what people are and did, counted while one edits.
import { answer, api, client } from '../../app/api/client';
import type { TouchpointMap } from '../../app/api/types';
import { organisation } from '../../app/organisation.svelte';
import { page } from '../../app/page';

const askOutside = () => answer(client.GET('/api/measure/segments/outside'));

/** What the page is drawn from. */
export interface SegmentsData {
  map: TouchpointMap;
  outside: Awaited<ReturnType<typeof askOutside>>;
  /** People of each segment, by id. */
  people: Map<string, number>;
}

export default page<SegmentsData>({
  path: '/people/segments',
  title: { en: 'Segments', fr: 'Segments', ru: 'Сегменты' },
  live: true,
  load: async () => {
    const [map, outside, report] = await Promise.all([api.map(), askOutside(), api.report(null)]);
    organisation.learn(map);
    return { map, outside, people: new Map(report.segments.map((one) => [one.segment, one.people])) };
  },
  component: () => import('./segments/SegmentsPage.svelte'),
});
