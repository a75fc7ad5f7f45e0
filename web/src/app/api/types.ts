// Short names for the documents of the server. `schema.d.ts` is generated from `openapi.json` (`npm run api`).
import type { components } from './schema';

type Schemas = components['schemas'];

export type Attribution = Schemas['Attribution'];
export type CellFigures = Schemas['CellFigures'];
export type Completeness = Schemas['Completeness'];
export type Figure = Schemas['Figure'];
export type FrequencyStep = Schemas['FrequencyStep'];
export type MapReport = Schemas['MapReport'];
export type Missing = Schemas['Missing'];
export type OverUse = Schemas['OverUse'];
export type Segment = Schemas['Segment'];
export type SegmentFigures = Schemas['SegmentFigures'];
export type Stage = Schemas['Stage'];
export type StageFigures = Schemas['StageFigures'];
export type Text = Schemas['Text'];
export type Touchpoint = Schemas['Touchpoint'];
export type TouchpointFigures = Schemas['TouchpointFigures'];
export type TouchpointMap = Schemas['TouchpointMap'];
export type Unit = Schemas['Unit'];
export type Verdict = Schemas['Verdict'];
export type VerdictKind = Schemas['VerdictKind'];
