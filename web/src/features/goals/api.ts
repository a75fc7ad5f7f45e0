// The questions of this room to the server, and the short names of what it answers.
import { answer, client } from '../../app/api/client';
import type { components } from '../../app/api/schema';

type Schemas = components['schemas'];

export type Start = Schemas['Start'];
export type KeptSetup = Schemas['KeptSetup'];
export type Setup = Schemas['Setup'];
export type Business = Schemas['Business'];
export type Proposal = Schemas['Proposal'];
export type Aim = Schemas['Aim'];

/** What is told before anything is. */
export const nothing: Setup = {
  organisation: '',
  business: null,
  currency: null,
  budget_per_month: null,
  ecosystem: { audience: '', where_they_talk: '', competitors: '', mentions: '', presence: '', skipped: false },
  objectives: [],
  segments: [],
  answers: [],
};

export const goals = {
  told: (): Promise<Start> => answer(client.GET('/api/goals/setup')),
  tell: (body: KeptSetup): Promise<Start> => answer(client.PUT('/api/goals/setup', { body })),
  businesses: (): Promise<Business[]> => answer(client.GET('/api/goals/businesses')),
  makeMap: (): Promise<unknown> => answer(client.POST('/api/map/start')),
};
