// The questions of this room to the server, and the short names of what it answers.
import { answer, client } from '../../app/api/client';
import type { components } from '../../app/api/schema';
import type { MapReport, TouchpointMap } from '../../app/api/types';

type Schemas = components['schemas'];

export type FlowAnswer = Schemas['FlowAnswer'];
export type FlowLayer = Schemas['FlowLayer'];
export type PathAnswer = Schemas['PathAnswer'];
export type FunnelAnswer = Schemas['FunnelAnswer'];
export type FunnelQuestion = Schemas['FunnelQuestion'];
export type RetentionAnswer = Schemas['RetentionAnswer'];
export type LifecycleAnswer = Schemas['LifecycleAnswer'];
export type NextStepAnswer = Schemas['NextStepAnswer'];
export type TrendAnswer = Schemas['TrendAnswer'];
export type TrendWeek = Schemas['WeekFigures'];
export type AttributionAnswer = Schemas['AttributionAnswer'];
export type AttributionQuestion = Schemas['AttributionQuestion'];
export type UnitCredits = Schemas['UnitCredits'];
export type ModelCredit = Schemas['ModelCredit'];
export type Alert = Schemas['Alert'];
export type AlertNumber = Schemas['AlertNumber'];
export type NewAlert = Schemas['NewAlert'];
export type PlannedReport = Schemas['PlannedReport'];
export type ReportPlan = Schemas['ReportPlan'];
export type ReportPart = Schemas['ReportPart'];
export type LetterWays = Schemas['LetterWays'];
export type Annotation = Schemas['Annotation'];
export type NewAnnotation = Schemas['NewAnnotation'];
export type { MapReport, TouchpointMap };

/** Reads from an address what a question is about. */
function narrow(query: URLSearchParams) {
  const given = (name: string) => query.get(name) ?? undefined;
  return { from: given('from'), to: given('to'), stage: given('stage'), channel: given('channel') };
}

function asked(query: URLSearchParams) {
  return { ...narrow(query), segment: query.get('segment') ?? undefined };
}

/** Reads a whole number from an address. */
export function whole(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name) ?? '';
  return /^\d{1,4}$/.test(text) && Number(text) > 0 ? Number(text) : undefined;
}

export const measure = {
  flows: (query: URLSearchParams, most: number): Promise<FlowAnswer> =>
    answer(client.GET('/api/measure/flows', { params: { query: { ...asked(query), most } } })),
  paths: (query: URLSearchParams, length: number, most: number): Promise<PathAnswer> =>
    answer(client.GET('/api/measure/paths', { params: { query: { ...asked(query), length, most } } })),
  lifecycle: (query: URLSearchParams, period_days: number): Promise<LifecycleAnswer> =>
    answer(client.GET('/api/measure/lifecycle', { params: { query: { ...asked(query), period_days } } })),
  nextStep: (query: URLSearchParams): Promise<NextStepAnswer> =>
    answer(client.GET('/api/measure/next-step', { params: { query: { ...asked(query), most: 3 } } })),
  trends: (query: URLSearchParams): Promise<TrendAnswer> =>
    answer(client.GET('/api/measure/trends', { params: { query: asked(query) } })),
  funnel: (query: URLSearchParams, body: FunnelQuestion): Promise<FunnelAnswer> =>
    answer(
      client.POST('/api/measure/funnel', {
        body: { ...body, segment: query.get('segment') ?? undefined, only: narrow(query) },
      }),
    ),
  retention: (query: URLSearchParams, period_days: number): Promise<RetentionAnswer> =>
    answer(
      client.POST('/api/measure/retention', {
        body: { period_days, segment: query.get('segment') ?? undefined, only: narrow(query) },
      }),
    ),
  attribution: (query: URLSearchParams): Promise<AttributionAnswer> => {
    const body: AttributionQuestion = {
      models: [],
      unit: query.get('unit') === 'channel' ? 'channel' : 'touchpoint',
      gap_days: whole(query, 'gap'),
      lookback_days: whole(query, 'lookback'),
      half_life_days: whole(query, 'half_life'),
      segment: query.get('segment') ?? undefined,
      only: narrow(query),
    };
    return answer(client.POST('/api/measure/attribution', { body }));
  },
  alerts: (): Promise<Alert[]> => answer(client.GET('/api/measure/alerts')),
  makeAlert: (body: NewAlert): Promise<Alert> => answer(client.POST('/api/measure/alerts', { body })),
  removeAlert: (id: number) => answer(client.DELETE('/api/measure/alerts/{id}', { params: { path: { id } } })),
  mailAlert: (id: number, mail: boolean) =>
    answer(client.PUT('/api/measure/alerts/{id}/mail', { params: { path: { id } }, body: { mail } })),
  letters: (): Promise<LetterWays> => answer(client.GET('/api/measure/letters')),
  reports: (): Promise<PlannedReport[]> => answer(client.GET('/api/measure/reports')),
  planReport: (body: ReportPlan): Promise<PlannedReport> => answer(client.POST('/api/measure/reports', { body })),
  pauseReport: (id: number, is_paused: boolean) =>
    answer(client.PUT('/api/measure/reports/{id}/pause', { params: { path: { id } }, body: { is_paused } })),
  unplanReport: (id: number) => answer(client.DELETE('/api/measure/reports/{id}', { params: { path: { id } } })),
  annotations: (): Promise<Annotation[]> => answer(client.GET('/api/measure/annotations')),
  annotate: (body: NewAnnotation): Promise<Annotation> => answer(client.POST('/api/measure/annotations', { body })),
  unannotate: (id: number) => answer(client.DELETE('/api/measure/annotations/{id}', { params: { path: { id } } })),
};
