// The questions of this room to the server, and the short names of what it answers.
import { answer, client } from '../../app/api/client';
import type { components } from '../../app/api/schema';
import type { Segment, Touchpoint } from '../../app/api/types';

type Schemas = components['schemas'];

export type Popup = Schemas['Popup'];
export type NewPopup = Schemas['NewPopup'];
export type PopupTrigger = Schemas['PopupTrigger'];

/** What the page shows. */
export interface OutreachShown {
  popups: Popup[];
  touchpoints: readonly Touchpoint[];
  segments: readonly Segment[];
}

export const outreach = {
  popups: (): Promise<{ popups: Popup[] }> => answer(client.GET('/api/outreach/popups')),
  make: (body: NewPopup): Promise<{ id: number }> => answer(client.POST('/api/outreach/popups', { body })),
  change: (id: number, settings: NewPopup, is_on: boolean): Promise<unknown> =>
    answer(
      client.PUT('/api/outreach/popups/{id}', { params: { path: { id: String(id) } }, body: { settings, is_on } }),
    ),
  signing: (): Promise<{ secret: string }> => answer(client.POST('/api/conversations/signing')),
  remove: (id: number): Promise<unknown> =>
    answer(client.DELETE('/api/outreach/popups/{id}', { params: { path: { id: String(id) } } })),
};
