// The document of a mapping as a form reads and changes it. What the form does not know stays as it is, so that a mapping
// written as text keeps its tables of values, rules and outcomes.

export type MappingDocument = Record<string, unknown>;

/** Is a field: nothing, one text for every row, or a column, perhaps through a table of values. */
export type Told =
  | { kind: 'none' }
  | { kind: 'constant'; text: string }
  | { kind: 'column'; column: string; hasTable: boolean };

/** Is a name of a person and the column it stands in. */
export interface Named {
  namespace: string;
  column: string;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Returns what stands at a place such as `time.column`. */
export function at(document: MappingDocument, place: string): unknown {
  let found: unknown = document;
  for (const key of place.split('.')) found = isRecord(found) ? found[key] : undefined;
  return found;
}

/** Returns the text at a place; the empty text where there is none. */
export function textAt(document: MappingDocument, place: string): string {
  const found = at(document, place);
  return typeof found === 'string' ? found : '';
}

/** Returns the document with something else at a place. `undefined` takes it away, with tables that are empty then. */
export function put(document: MappingDocument, place: string, value: unknown): MappingDocument {
  const [key = '', ...rest] = place.split('.');
  const before = document[key];
  const after = rest.length === 0 ? value : put(isRecord(before) ? before : {}, rest.join('.'), value);
  const isGone = after === undefined || (rest.length > 0 && isRecord(after) && Object.keys(after).length === 0);
  const others = Object.fromEntries(Object.entries(document).filter(([other]) => other !== key));
  return isGone ? others : { ...document, [key]: after };
}

/** Reads a field. */
export function told(document: MappingDocument, place: string): Told {
  const found = at(document, place);
  if (typeof found === 'string') return { kind: 'constant', text: found };
  if (!isRecord(found) || typeof found['column'] !== 'string') return { kind: 'none' };
  return { kind: 'column', column: found['column'], hasTable: Object.keys(found).length > 1 };
}

/** Returns the document with a field of one text, of a column, or of nothing. */
export function tell(document: MappingDocument, place: string, value: Told): MappingDocument {
  if (value.kind === 'none') return put(document, place, undefined);
  if (value.kind === 'constant') return put(document, place, value.text);
  const before = at(document, place);
  return put(document, place, { ...(isRecord(before) ? before : {}), column: value.column });
}

/** Returns the names of the person, the strongest first. */
export function names(document: MappingDocument): Named[] {
  const found = at(document, 'person.identities');
  return Array.isArray(found) ? (found as Named[]) : [];
}

/** Returns the document with other names. A mail address is the same in capitals. */
export function putNames(document: MappingDocument, changed: readonly Named[]): MappingDocument {
  const wanted = changed.map((one) => {
    const before = names(document).find((other) => other.column === one.column && other.namespace === one.namespace);
    return before ?? { ...one, ...(one.namespace === 'email' ? { lowercase: true } : {}) };
  });
  return put(document, 'person.identities', wanted.length > 0 ? wanted : undefined);
}

/** Returns the columns at a place, such as those that are the id of a row. */
export function columnsAt(document: MappingDocument, place: string): string[] {
  const found = at(document, place);
  return Array.isArray(found) ? found.filter((one) => typeof one === 'string') : [];
}

/** Returns the document with a moment read from a column. Other ways to tell the moment give way. */
export function putTime(document: MappingDocument, column: string, format: string, zone: string): MappingDocument {
  const time = {
    ...(column === '' ? { constant: textAt(document, 'time.constant') || '2000-01-01' } : { column }),
    ...(column === '' || format === 'iso' || format === '' ? {} : { format }),
    ...(zone === '' ? {} : { zone }),
  };
  return { ...document, time };
}

/** Returns the document with an amount from a column, from two that are multiplied, or without one. */
export function putValue(document: MappingDocument, columns: readonly string[]): MappingDocument {
  if (columns.length === 0) return put(document, 'value', undefined);
  const before = at(document, 'value');
  const kept = isRecord(before)
    ? Object.fromEntries(Object.entries(before).filter(([key]) => !['column', 'product', 'constant'].includes(key)))
    : { currency: 'EUR' };
  return put(document, 'value', { ...kept, ...(columns.length === 1 ? { column: columns[0] } : { product: columns }) });
}

/** Is something that a reader should look at before importing. */
export type Doubt = 'no_person' | 'no_time' | 'no_id' | 'currency' | 'form';

/** Says what of a mapping is worth a second look. */
export function doubts(document: MappingDocument): Doubt[] {
  const has = (place: string) => at(document, place) !== undefined;
  const found: Doubt[] = [];
  if (names(document).length === 0) found.push('no_person');
  if (has('time.constant')) found.push('no_time');
  if (columnsAt(document, 'id').length === 0 && !has('group')) found.push('no_id');
  if (typeof at(document, 'value.currency') === 'string') found.push('currency');
  if (told(document, 'form').kind !== 'column') found.push('form');
  return found;
}

/** Returns how the form knows a format of moments: its name, or `other`. */
export const formats = [
  'iso',
  '%d.%m.%Y',
  '%d.%m.%Y %H:%M',
  '%d.%m.%Y %H:%M:%S',
  '%d/%m/%Y',
  '%d/%m/%Y %H:%M',
  '%m/%d/%Y',
  '%m/%d/%Y %H:%M',
  '%d-%m-%Y',
  '%d-%m-%Y %H:%M',
  'epoch_s',
  'epoch_ms',
] as const;

/** Shows a pattern by an example that anybody can read: 31 December 2026, 18:45:09. */
export function exampleOf(format: string): string {
  const parts: Record<string, string> = {
    d: '31',
    m: '12',
    Y: '2026',
    H: '18',
    M: '45',
    S: '09',
    b: 'Dec',
    z: '+0000',
  };
  if (format === 'iso') return '2026-12-31T18:45:09';
  if (format === 'epoch_s') return '1798742709';
  if (format === 'epoch_ms') return '1798742709000';
  return format.replace(/%([a-zA-Z])/g, (whole, sign: string) => parts[sign] ?? whole);
}
