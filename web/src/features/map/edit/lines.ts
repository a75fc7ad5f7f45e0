// Says what a version changed, as a sentence in the reader's language.
import type { TouchpointMap } from '../../../app/api/types';
import { read } from '../../../app/i18n/language.svelte';
import type { Cell, Line } from './api';
import { say } from './words';

const fields = new Set([
  'name',
  'kind',
  'second_kind',
  'direction',
  'channel',
  'class',
  'primary_stage',
  'parent',
  'life',
  'audience',
  'emits',
  'direct',
  'purpose',
  'desired_outcome',
  'satisfaction_target',
  'weight',
  'needs',
  'rule',
  'cost',
  'details',
  'custom',
  'message',
  'processes',
  'people',
  'owner',
  'contacts',
  'data',
  'optimal_experience',
  'build',
  'build_months',
  'running_per_month',
  'per_contact',
  'staff_hours_per_month',
  'staff_hour',
]);
type FieldKey = Parameters<typeof say>[0];

/** The name of a field: the last part of its way that has one; a field of the organisation's own by its own name. */
export function fieldName(field = ''): string {
  const parts = field.split('.');
  if (parts[0] === 'custom' && parts.length > 1) return parts.slice(1).join('.');
  const known = parts.findLast((part) => fields.has(part));
  return known ? say(`field.${known}` as FieldKey) : field;
}

/** The sentence of a line. */
export function sentenceOf(line: Line, map: TouchpointMap): string {
  const name = read(line.name) || line.id;
  switch (line.did) {
    case 'added':
      return line.part === 'rules'
        ? say('line.rule.added', { name: touchpoint(line.id, map) })
        : say('line.added', { name });
    case 'removed':
      return line.part === 'rules'
        ? say('line.rule.removed', { name: touchpoint(line.id, map) })
        : say('line.removed', { name });
    case 'changed':
      return line.part === 'map'
        ? say('line.map', { field: fieldName(line.field) })
        : say('line.changed', { name, field: fieldName(line.field) });
    case 'placed':
      return say('line.placed', { name, cell: cellName(line.after as Cell | undefined, map) });
    case 'unplaced':
      return say('line.unplaced', { name, cell: cellName(line.before as Cell | undefined, map) });
    case 'ordered':
      return say('line.ordered');
  }
}

/** A cell by its names. */
export function cellName(cell: Cell | null | undefined, map: TouchpointMap): string {
  if (!cell) return '';
  const stage = read(map.stages.find((entry) => entry.id === cell.stage)?.name) || cell.stage;
  if (!cell.segment) return stage;
  const segment = read(map.segments.find((entry) => entry.id === cell.segment)?.name) || cell.segment;
  return `${stage} · ${segment}`;
}

function touchpoint(id: string, map: TouchpointMap): string {
  return read(map.touchpoints.find((entry) => entry.id === id)?.name) || id;
}

/** Writes a value of the document for people: a text in their language, a list with commas, nothing as a dash. */
export function valueOf(value: unknown): string {
  if (value === null || value === undefined || value === '') return '–';
  if (Array.isArray(value)) return value.map(valueOf).join(', ') || '–';
  if (typeof value === 'object') {
    const text = value as { en?: string; name?: unknown; stage?: string };
    if (typeof text.en === 'string') return read(value as Parameters<typeof read>[0]);
    if (text.name !== undefined) return valueOf(text.name);
    return JSON.stringify(value);
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}
