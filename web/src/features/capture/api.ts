// The questions of this room to the server, and the short names of what it answers.
import { answer, client } from '../../app/api/client';
import type { components } from '../../app/api/schema';

type Schemas = components['schemas'];

export type Arrived = Schemas['Arrived'];
export type Change = Schemas['Change'];
export type ChannelCount = Schemas['ChannelCount'];
export type Dark = Schemas['Dark'];
export type Entered = Schemas['Entered'];
export type Feed = Schemas['Feed'];
export type HandEntry = Schemas['HandEntry'];
export type Held = Schemas['Held'];
export type KeptSource = Schemas['KeptSource'];
export type MapRule = Schemas['MapRule'];
export type NewTag = Schemas['NewTag'];
export type Preview = Schemas['Preview'];
export type Publication = Schemas['Publication'];
export type QuarantinePage = Schemas['Page'];
export type Replayed = Schemas['Replayed'];
export type ShownEvent = Schemas['Shown'];
export type ShownHook = Schemas['ShownHook'];
export type Signature = Schemas['Signature'];
export type Source = Schemas['Source'];
export type SourceSettings = Schemas['SourceSettings'];
export type Tag = Schemas['Tag'];
export type UnmappedSignal = Schemas['UnmappedSignal'];

/** What of the events in quarantine is meant. */
export interface About {
  source?: string | undefined;
  code?: string | undefined;
  before?: number | undefined;
  after?: string | undefined;
}

const at = <Path>(path: Path) => ({ params: { path } });

export const capture = {
  sources: (): Promise<Source[]> => answer(client.GET('/api/capture/sources')),
  source: (id: string): Promise<KeptSource> => answer(client.GET('/api/capture/sources/{id}', at({ id }))),
  addSource: (name: string, kind: Schemas['SourceKind']): Promise<KeptSource> =>
    answer(client.POST('/api/capture/sources', { body: { name, kind } as Schemas['NewSource'] })),
  rotate: (id: string): Promise<KeptSource> => answer(client.POST('/api/capture/sources/{id}/keys', at({ id }))),
  retireKeys: (id: string): Promise<KeptSource> => answer(client.DELETE('/api/capture/sources/{id}/keys', at({ id }))),
  retire: (id: string): Promise<unknown> => answer(client.DELETE('/api/capture/sources/{id}', at({ id }))),
  settle: (id: string, body: SourceSettings): Promise<KeptSource> =>
    answer(client.PUT('/api/capture/sources/{id}/settings', { ...at({ id }), body })),
  snippet: (id: string, program: string): Promise<{ text: string }> =>
    answer(
      client.GET('/api/capture/sources/{id}/snippets/{client}', {
        params: { path: { id, client: program }, query: { url: location.origin } },
      }),
    ),
  unmapped: (): Promise<UnmappedSignal[]> => answer(client.GET('/api/measure/unmapped')),
  dark: (): Promise<Dark[]> => answer(client.GET('/api/measure/dark')),
  channels: (): Promise<ChannelCount[]> => answer(client.GET('/api/measure/channels')),
  preview: (change: Partial<Change>): Promise<Preview> =>
    answer(client.POST('/api/map/rules/preview', { body: change as Change })),
  change: (change: Partial<Change>): Promise<unknown> =>
    answer(client.POST('/api/map/rules', { body: change as Change })),
  held: (query: About): Promise<QuarantinePage> => answer(client.GET('/api/capture/quarantine', { params: { query } })),
  event: (id: string): Promise<ShownEvent> => answer(client.GET('/api/capture/quarantine/{id}', at({ id }))),
  mend: (id: string, text: string): Promise<unknown> =>
    answer(client.PUT('/api/capture/quarantine/{id}', { ...at({ id }), body: { text } })),
  replay: (id: string): Promise<Replayed> => answer(client.POST('/api/capture/quarantine/{id}/replay', at({ id }))),
  replayAll: (query: About): Promise<{ taken: number; refused: number }> =>
    answer(client.POST('/api/capture/quarantine/replay', { params: { query } })),
  discard: (id: string): Promise<unknown> => answer(client.DELETE('/api/capture/quarantine/{id}', at({ id }))),
  enter: (body: HandEntry): Promise<Entered> => answer(client.POST('/api/capture/interactions', { body })),
  tags: (): Promise<Tag[]> => answer(client.GET('/api/capture/tags')),
  addTag: (body: Partial<NewTag>): Promise<Tag> => answer(client.POST('/api/capture/tags', { body: body as NewTag })),
  retireTag: (code: string): Promise<unknown> => answer(client.DELETE('/api/capture/tags/{code}', at({ code }))),
  hooks: (): Promise<ShownHook[]> => answer(client.GET('/api/capture/hooks')),
  setHook: (name: string, ready: Schemas['Ready']): Promise<ShownHook> =>
    answer(client.PUT('/api/capture/hooks/{name}', { ...at({ name }), body: { ready } as Schemas['WantedHook'] })),
  dropHook: (name: string): Promise<unknown> => answer(client.DELETE('/api/capture/hooks/{name}', at({ name }))),
  feeds: (): Promise<Feed[]> => answer(client.GET('/api/capture/feeds')),
  setFeed: (name: string, body: Partial<Schemas['NewFeed']>): Promise<unknown> =>
    answer(client.PUT('/api/capture/feeds/{name}', { ...at({ name }), body: body as Schemas['NewFeed'] })),
  publish: (name: string, body: Partial<Schemas['NewPublication']>): Promise<Publication> =>
    answer(
      client.POST('/api/capture/feeds/{name}/publications', {
        ...at({ name }),
        body: body as Schemas['NewPublication'],
      }),
    ),
};
