// The questions about imports to the server, and the short names of what it answers.
import { Problem, answer, client } from '../../../app/api/client';
import type { components } from '../../../app/api/schema';
import type { Telling } from '../tellings/telling';
import type { MappingDocument } from './mapping';

type Schemas = components['schemas'];

export type ImportFile = Schemas['ImportFile'];
export type ImportProposal = Schemas['ImportProposal'];
export type TriedRow = Schemas['TriedRow'];
export type ImportTrial = Omit<Schemas['ImportTrial'], 'summary' | 'document'> & {
  summary: Summary;
  document: MappingDocument;
};

/** What an import tells of itself: the summary of the command line. */
export interface Summary {
  complete: boolean;
  rows: number;
  rejected: number;
  duplicate_rows: number;
  reasons: (Omit<Telling, 'says'> & { reason: string; rows: number; first_line: number })[];
  interactions: number;
  added: number;
  already_there: number;
  anonymous: number;
  identities: number;
  /** Imports of before the remarks had codes have sentences. */
  notes: (Telling | string)[];
}

/** Is a mapping as its text or as its document. */
export type Asked = { mapping: string } | { document: MappingDocument };

const at = (id: string) => ({ params: { path: { id } } });

export const imports = {
  list: (): Promise<ImportFile[]> => answer(client.GET('/api/capture/imports')),
  show: (id: string): Promise<ImportFile> => answer(client.GET('/api/capture/imports/{id}', at(id))),
  propose: (id: string): Promise<ImportProposal> => answer(client.GET('/api/capture/imports/{id}/proposal', at(id))),
  try: (id: string, body: Asked): Promise<ImportTrial> =>
    answer(
      client.POST('/api/capture/imports/{id}/try', { ...at(id), body: body as Schemas['ImportMapping'] }),
    ) as Promise<unknown> as Promise<ImportTrial>,
  run: (id: string, body: Asked): Promise<ImportFile> =>
    answer(client.POST('/api/capture/imports/{id}/run', { ...at(id), body: body as Schemas['ImportMapping'] })),
  drop: (id: string): Promise<unknown> => answer(client.DELETE('/api/capture/imports/{id}', at(id))),
  rejectsOf: (id: string, number: number) => `/api/capture/imports/${id}/rejects/${number}`,
  /** Sends a file up, telling how far it is: the client of everything else cannot tell that. */
  send: (file: File, tell: (share: number) => void): Promise<ImportFile> =>
    new Promise((done, failed) => {
      const request = new XMLHttpRequest();
      request.open('POST', `/api/capture/imports?name=${encodeURIComponent(file.name)}`);
      request.setRequestHeader('content-type', 'application/octet-stream');
      request.upload.onprogress = (event) => tell(event.total > 0 ? event.loaded / event.total : 0);
      request.onerror = () => failed(new Problem(0));
      request.onload = () => {
        try {
          const told = JSON.parse(request.responseText) as ImportFile & Schemas['Problem'];
          if (request.status < 300) done(told);
          else failed(new Problem(request.status, told.what, '', told.hint ?? '', told.telling));
        } catch {
          failed(new Problem(request.status));
        }
      };
      request.send(file);
    }),
};
