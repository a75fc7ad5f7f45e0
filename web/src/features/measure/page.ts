// What the numbers say: channels, attribution by every model, cost and return, and how things go week by week; what is watched, and what goes by mail.
import { api } from '../../app/api/client';
import { organisation } from '../../app/organisation.svelte';
import { page } from '../../app/page';
import type {
  Alert,
  Annotation,
  AttributionAnswer,
  LetterWays,
  MapReport,
  PlannedReport,
  TouchpointMap,
  TrendAnswer,
} from './api';
import { measure } from './api';

/** What the page is drawn from: map and report, and the answer of the part that is looked at. */
export interface MeasureData {
  map: TouchpointMap;
  report: MapReport;
  attribution?: AttributionAnswer;
  trends?: TrendAnswer;
  annotations?: Annotation[];
  alerts: Alert[];
  letters?: LetterWays;
  reports?: PlannedReport[];
}

export default page<MeasureData>({
  path: '/measure',
  title: { en: 'Measure', fr: 'Mesures', ru: 'Измерения' },
  rail: { order: 70, icon: 'M4 20V10h4v10m2 0V4h4v16m2 0v-7h4v7M3 20h18' },
  reloadOn: ['tab', 'segment', 'from', 'to', 'stage', 'channel', 'unit', 'gap', 'lookback', 'half_life'],
  load: async ({ query }) => {
    const [map, report, alerts] = await Promise.all([api.map(), api.report(query.get('segment')), measure.alerts()]);
    organisation.learn(map);
    switch (query.get('tab')) {
      case 'attribution':
      case 'cost':
        return { map, report, alerts, attribution: await measure.attribution(query) };
      case 'trends':
        return { map, report, alerts, trends: await measure.trends(query), annotations: await measure.annotations() };
      case 'watch':
        return { map, report, alerts, annotations: await measure.annotations(), letters: await measure.letters() };
      case 'reports':
        return { map, report, alerts, reports: await measure.reports(), letters: await measure.letters() };
      default:
        return { map, report, alerts };
    }
  },
  component: () => import('./MeasurePage.svelte'),
});
