// Lived journeys: where people go next, how far they get along steps, which whole journeys there are, who comes back.
import { api } from '../../app/api/client';
import { organisation } from '../../app/organisation.svelte';
import { page } from '../../app/page';
import type {
  FlowAnswer,
  FunnelAnswer,
  LifecycleAnswer,
  NextStepAnswer,
  PathAnswer,
  RetentionAnswer,
  TouchpointMap,
} from './api';
import { measure, whole } from './api';
import { questionOf } from './steps';

/** What the page is drawn from: the map, and the answer of the part that is looked at. */
export interface JourneysData {
  map: TouchpointMap;
  flows?: FlowAnswer;
  funnel?: FunnelAnswer;
  paths?: PathAnswer;
  next?: NextStepAnswer;
  retention?: RetentionAnswer;
  lifecycle?: LifecycleAnswer;
}

/** Paths of so many touches are shown unless another length is asked for. */
export const pathLength = 3;

export default page<JourneysData>({
  path: '/journeys',
  title: { en: 'Journeys', fr: 'Parcours', ru: 'Пути' },
  rail: { order: 30, icon: 'M4 6h5c4 0 3 12 7 12h4M4 18h5c4 0 3-12 7-12h4M17 3l3 3-3 3m0 6 3 3-3 3' },
  reloadOn: ['tab', 'segment', 'from', 'to', 'stage', 'channel', 'steps', 'order', 'within', 'by', 'length', 'period'],
  live: true,
  load: async ({ query }) => {
    const map = await api.map();
    organisation.learn(map);
    switch (query.get('tab')) {
      case 'funnel':
        return { map, funnel: await measure.funnel(query, questionOf(query, map)) };
      case 'variants': {
        const length = whole(query, 'length') ?? pathLength;
        const [paths, next] = await Promise.all([measure.paths(query, length, 15), measure.nextStep(query)]);
        return { map, paths, next };
      }
      case 'retention': {
        const period = whole(query, 'period') ?? 30;
        const [retention, lifecycle] = await Promise.all([
          measure.retention(query, period),
          measure.lifecycle(query, period),
        ]);
        return { map, retention, lifecycle };
      }
      default:
        return { map, flows: await measure.flows(query, 7) };
    }
  },
  component: () => import('./JourneysPage.svelte'),
});
