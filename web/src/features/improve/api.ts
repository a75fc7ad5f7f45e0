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
};
