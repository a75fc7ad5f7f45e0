// What to change: verdicts by what is at stake, what changed and why, effort against importance, and the backlog.
import { api } from '../../app/api/client';
import type { TouchpointMap } from '../../app/api/types';
import { organisation } from '../../app/organisation.svelte';
import { page } from '../../app/page';
import type { Task, VerdictChange, VerdictList } from './api';
import { improve } from './api';

/** What the page is drawn from. */
export interface ImproveData {
  map: TouchpointMap;
  list: VerdictList;
  changes: VerdictChange[];
  tasks: Task[];
}

export default page<ImproveData>({
  path: '/improve/:tab?',
  title: { en: 'Improve', fr: 'Améliorer', ru: 'Улучшения' },
  rail: { order: 80, icon: 'M4 19 10 12l4 4 6.500-9M15.500 7H20.500v5M4 4.500v15h16.500' },
  reloadOn: ['segment'],
  live: true,
  load: async ({ query }) => {
    const [map, list, changes, tasks] = await Promise.all([
      api.map(),
      improve.verdicts(query.get('segment')),
      improve.changes(),
      improve.tasks(),
    ]);
    organisation.learn(map);
    return { map, list, changes, tasks };
  },
  component: () => import('./ImprovePage.svelte'),
});
