// What this room asks of the server.
import { answer, client } from '../../app/api/client';
import type { components } from '../../app/api/schema';

type Schemas = components['schemas'];

export type Member = Schemas['Member'];
export type Session = Schemas['Session'];
export type ApiToken = Schemas['ApiToken'];
export type LogEntry = Schemas['LogEntry'];
export type Organisation = Schemas['Organisation'];
export type Role = Schemas['Role'];
export type CodeDraft = Schemas['CodeDraft'];

const byId = (id: number) => ({ params: { path: { id } } });

export const accountApi = {
  signIn: (email: string, password: string, code: string) =>
    answer(client.POST('/api/session/password', { body: { email, password, code } })),
  profile: () => answer(client.GET('/api/account')),
  setProfile: (name: string, email: string) => answer(client.PUT('/api/account', { body: { name, email } })),
  setPassword: (current: string, wanted: string) =>
    answer(client.PUT('/api/account/password', { body: { current, new: wanted } })),
  draftCode: () => answer(client.POST('/api/account/code')),
  confirmCode: (code: string) => answer(client.PUT('/api/account/code', { body: { code } })),
  dropCode: (password: string) => answer(client.POST('/api/account/code/off', { body: { password } })),
  sessions: () => answer(client.GET('/api/account/sessions')),
  endSession: (id: string) => answer(client.DELETE('/api/account/sessions/{id}', { params: { path: { id } } })),
  endOthers: () => answer(client.DELETE('/api/account/sessions')),
  members: () => answer(client.GET('/api/account/members')),
  invite: (name: string, email: string, role: Role) =>
    answer(client.POST('/api/account/members', { body: { name, email, role } })),
  setRole: (id: number, role: Role) => answer(client.PUT('/api/account/members/{id}', { ...byId(id), body: { role } })),
  remove: (id: number) => answer(client.DELETE('/api/account/members/{id}', byId(id))),
  reset: (id: number) => answer(client.POST('/api/account/members/{id}/reset', byId(id))),
  tokens: () => answer(client.GET('/api/account/tokens')),
  makeToken: (name: string, role: Role, scopes: string[], days: number) =>
    answer(client.POST('/api/account/tokens', { body: { name, role, scopes, days } })),
  dropToken: (id: number) => answer(client.DELETE('/api/account/tokens/{id}', byId(id))),
  log: (before: number | null) =>
    answer(client.GET('/api/account/log', { params: { query: { before: before ?? undefined } } })),
  organisation: () => answer(client.GET('/api/organisation')),
  setOrganisation: (body: Organisation) => answer(client.PUT('/api/organisation', { body })),
};

/** Writes the link that a secret makes. */
export const linkOf = (token: string): string => `${location.origin}/#token=${token}`;
