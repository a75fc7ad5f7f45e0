// Segments: who belongs to each, by rules on what people are and did, counted while one edits.
import { page } from '../../app/page';
import type { load } from './segments/load';

export type SegmentsData = Awaited<ReturnType<typeof load>>;

export default page<SegmentsData>({
  path: '/people/segments',
  title: { en: 'Segments', fr: 'Segments', ru: 'Сегменты' },
  live: true,
  load: async () => (await import('./segments/load')).load(),
  component: () => import('./segments/SegmentsPage.svelte'),
});
