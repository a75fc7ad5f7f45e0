// The questions of this room to the server, and the short names of what it answers.
import { answer, client } from '../../app/api/client';
import type { components } from '../../app/api/schema';

type Schemas = components['schemas'];

export type VerdictList = Schemas['VerdictList'];
export type Judged = Schemas['Judged'];
export type VerdictChange = Schemas['VerdictChange'];
export type Task = Schemas['Task'];
export type TaskStatus = Schemas['TaskStatus'];
export type NewTask = Schemas['NewTask'];
export type TaskChange = Schemas['TaskChange'];
export type Expectation = Schemas['Expectation'];
export type Allocated = Schemas['Allocated'];
export type BudgetItem = Schemas['BudgetItem'];
export type BudgetStep = Schemas['BudgetStep'];
export type SpendResponse = Schemas['SpendResponse'];
export type BudgetProposal = Schemas['BudgetProposal'];
export type BudgetProposed = Schemas['BudgetProposed'];
export type DesignSheet = Schemas['DesignSheet'];
export type SheetTrial = Schemas['SheetTrial'];
export type ImprovementEffect = Schemas['ImprovementEffect'];
export type Journey = Schemas['Journey'];
export type JourneyFlow = Schemas['JourneyFlow'];
export type JourneyStep = Schemas['JourneyStep'];
export type KeptJourney = Schemas['KeptJourney'];
export type JourneyDraft = Schemas['JourneyDraft'];
export type JourneyFileFormat = Schemas['JourneyFileFormat'];
export type Conformance = Schemas['Conformance'];
export type DeviationFigures = Schemas['DeviationFigures'];

export const improve = {
  verdicts: (segment: string | null): Promise<VerdictList> =>
    answer(client.GET('/api/improve/verdicts', { params: { query: { segment: segment ?? undefined } } })),
  changes: (): Promise<VerdictChange[]> => answer(client.GET('/api/improve/changes')),
  tasks: (): Promise<Task[]> => answer(client.GET('/api/improve/tasks')),
  addTask: (body: NewTask): Promise<Task> => answer(client.POST('/api/improve/tasks', { body })),
  changeTask: (id: number, body: TaskChange): Promise<Task> =>
    answer(client.PATCH('/api/improve/tasks/{id}', { params: { path: { id } }, body })),
  allocate: (budget: number, items: BudgetItem[]): Promise<Allocated> =>
    answer(client.POST('/api/improve/allocate', { body: { budget, items } })),
  proposal: (): Promise<BudgetProposal> => answer(client.GET('/api/improve/budget')),
  trial: (body: DesignSheet): Promise<SheetTrial> => answer(client.POST('/api/improve/trial', { body })),
  effect: (id: number): Promise<ImprovementEffect> =>
    answer(client.GET('/api/improve/tasks/{id}/effect', { params: { path: { id } } })),
  journeys: (): Promise<KeptJourney[]> => answer(client.GET('/api/improve/journeys')),
  saveJourney: (journey: Journey, based_on: number): Promise<KeptJourney> =>
    answer(
      client.PUT('/api/improve/journeys/{id}', {
        params: { path: { id: journey.id }, query: { based_on } },
        body: journey,
      }),
    ),
  removeJourney: (id: string, based_on: number): Promise<unknown> =>
    answer(client.DELETE('/api/improve/journeys/{id}', { params: { path: { id }, query: { based_on } } })),
  compare: (journey: Journey, segment: string | null): Promise<Conformance> =>
    answer(
      client.POST('/api/improve/conformance', { params: { query: { segment: segment ?? undefined } }, body: journey }),
    ),
  importJourney: (format: JourneyFileFormat, text: string, name: string): Promise<JourneyDraft> =>
    answer(client.POST('/api/improve/journeys/file', { body: { format, text, name } })),
};
