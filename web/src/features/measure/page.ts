// What the numbers say: channels, attribution by every model, cost and return, and how things go week by week.
import { api } from '../../app/api/client';
import { organisation } from '../../app/organisation.svelte';
import { page } from '../../app/page';
import type { AttributionAnswer, MapReport, TouchpointMap, TrendAnswer } from './api';
import { measure } from './api';

/** What the page is drawn from: map and report, and the answer of the part that is looked at. */
export interface MeasureData {
  map: TouchpointMap;
  report: MapReport;
  attribution?: AttributionAnswer;
  trends?: TrendAnswer;
}

export default page<MeasureData>({
  path: '/measure',
  title: { en: 'Measure', fr: 'Mesures', ru: 'Измерения' },
  rail: { order: 70, icon: 'M4 20V10h4v10m2 0V4h4v16m2 0v-7h4v7M3 20h18' },
  reloadOn: ['tab', 'segment', 'from', 'to', 'stage', 'channel', 'unit', 'gap', 'lookback', 'half_life'],
  load: async ({ query }) => {
    const [map, report] = await Promise.all([api.map(), api.report(query.get('segment'))]);
    organisation.learn(map);
    switch (query.get('tab')) {
      case 'attribution':
      case 'cost':
        return { map, report, attribution: await measure.attribution(query) };
      case 'trends':
        return { map, report, trends: await measure.trends(query) };
      default:
        return { map, report };
    }
  },
  component: () => import('./MeasurePage.svelte'),
});
