// Reads what was copied from a spreadsheet: a table with names, or a grid of segments by stages. What is read is shown
// before anything is done.
import type { Touchpoint, TouchpointMap } from '../../../app/api/types';
import type { Cell, Edit } from './api';
import { addSketch, idOf, type Sketch } from './steps';

/** One row that will become a touchpoint, or a cell more for one that is there. */
export interface PastedRow {
  name: string;
  /** The touchpoint of that name that is there already. */
  known: string | null;
  cells: Cell[];
  sketch: Sketch;
  /** Words that were not understood, as they stand. */
  unread: string[];
}

/** More rows than this are a map of their own: apply a file. */
export const rowsMax = 1_000;

const directions: Record<string, Touchpoint['direction']> = {
  '→': 'outbound',
  '←': 'inbound',
  '↔': 'two_way',
  '⟲': 'internal',
  outbound: 'outbound',
  inbound: 'inbound',
  'two-way': 'two_way',
  two_way: 'two_way',
  internal: 'internal',
};
const kinds = ['human', 'static', 'physical', 'sensory', 'digital'] as const;

/** Splits copied cells: tabs and line ends, with quotes around what holds either. */
export function cellsOf(text: string): string[][] {
  const rows: string[][] = [[]];
  let field = '';
  let quoted = false;
  const separator = text.includes('\t') ? '\t' : text.includes(';') ? ';' : ',';
  const end = () => {
    rows.at(-1)?.push(field.trim());
    field = '';
  };
  for (let at = 0; at < text.length; at++) {
    const sign = text.charAt(at);
    if (quoted) {
      if (sign !== '"') field += sign;
      else if (text[at + 1] === '"') field += text.charAt(++at);
      else quoted = false;
    } else if (sign === '"' && field === '') quoted = true;
    else if (sign === separator) end();
    else if (sign === '\n') {
      end();
      rows.push([]);
    } else if (sign !== '\r') field += sign;
  }
  end();
  return rows.filter((row) => row.some((cell) => cell !== ''));
}

/**
 * Understands a table. Each cell of a row is taken for what it names: a stage, a segment, a channel, a direction or a kind,
 * in any of the languages of the map; the first one that names none of these is the touchpoint. A first row that names
 * nothing but headings is left out.
 */
export function understand(map: TouchpointMap, text: string): PastedRow[] {
  const words = new Map<string, (row: Draft) => void>();
  const learn = (name: string | null | undefined, act: (row: Draft) => void) => {
    if (name) words.set(name.trim().toLowerCase(), act);
  };
  const names = (text: Touchpoint['name']) => (typeof text === 'string' ? [text] : [text.en, text.fr, text.ru]);
  for (const stage of map.stages)
    for (const name of [stage.id, ...names(stage.name)]) learn(name, (row) => row.stages.push(stage.id));
  for (const segment of map.segments)
    for (const name of [segment.id, ...names(segment.name)]) learn(name, (row) => row.segments.push(segment.id));
  for (const channel of map.channels)
    for (const name of [channel.id, ...names(channel.name)]) learn(name, (row) => (row.sketch.channel = channel.id));
  for (const [name, direction] of Object.entries(directions)) learn(name, (row) => (row.sketch.direction = direction));
  for (const kind of kinds) learn(kind, (row) => (row.sketch.kind = kind));
  const known = new Map<string, string>();
  for (const touchpoint of map.touchpoints)
    for (const name of [touchpoint.id, ...names(touchpoint.name)])
      if (name) known.set(name.toLowerCase(), touchpoint.id);

  const rows = cellsOf(text).slice(0, rowsMax + 1);
  const first = rows[0];
  const isHead = first && rows.length > 1 && first.some((cell) => headings.has(cell.toLowerCase()));
  return rows.slice(isHead ? 1 : 0).flatMap((cells) => {
    const row: Draft = { name: '', stages: [], segments: [], sketch: { name: '' }, unread: [] };
    for (const cell of cells) {
      if (cell === '') continue;
      const act = words.get(cell.toLowerCase());
      if (act) act(row);
      else if (row.name === '') row.name = cell;
      else row.unread.push(cell);
    }
    if (row.name === '') return [];
    const stages = row.stages.length > 0 ? row.stages : [];
    const places: Cell[] = stages.flatMap((stage): Cell[] =>
      row.segments.length > 0 ? row.segments.map((segment) => ({ segment, stage })) : [{ stage }],
    );
    const sketch = { ...row.sketch, name: row.name };
    return [
      { name: row.name, known: known.get(row.name.toLowerCase()) ?? null, cells: places, sketch, unread: row.unread },
    ];
  });
}

interface Draft {
  name: string;
  stages: string[];
  segments: string[];
  sketch: Sketch;
  unread: string[];
}

const headings = new Set([
  'touchpoint',
  'name',
  'stage',
  'segment',
  'channel',
  'direction',
  'kind',
  'point de contact',
  'nom',
  'étape',
  'canal',
  'sens',
  'type',
  'точка контакта',
  'название',
  'стадия',
  'этап',
  'сегмент',
  'канал',
  'направление',
  'вид',
]);

/** The edits of all rows. Rows of one name are one touchpoint in several cells. */
export function pasteEdits(map: TouchpointMap, rows: readonly PastedRow[]): Edit[] {
  const edits: Edit[] = [];
  const made = new Map<string, string>();
  const taken = new Set(map.touchpoints.map((touchpoint) => touchpoint.id));
  for (const row of rows) {
    const there = row.known ?? made.get(row.name.toLowerCase());
    if (there) {
      for (const cell of row.cells) edits.push({ do: 'place', touchpoint: there, cell });
      continue;
    }
    const id = idOf(row.name, taken);
    taken.add(id);
    made.set(row.name.toLowerCase(), id);
    for (const edit of addSketch(map, row.sketch, row.cells).edits) {
      edits.push(edit.do === 'add_touchpoint' ? { ...edit, touchpoint: { ...edit.touchpoint, id } } : edit);
    }
  }
  return edits;
}
