// Lays the map out as a grid: for each segment and stage, the touchpoints that are planned there and those that
// people were only seen to meet there. Pure: from the design and the report to rows of cells.
import type {
  CellFigures,
  Figure,
  MapReport,
  Missing,
  Segment,
  SegmentFigures,
  Stage,
  Touchpoint,
  TouchpointFigures,
  TouchpointMap,
  VerdictKind,
} from '../../../app/api/types';
import { verdictRank } from '../../../ui/verdict';

/** A touchpoint in one cell. */
export interface Chip {
  touchpoint: Touchpoint;
  figures: TouchpointFigures | undefined;
  verdict: VerdictKind;
  /** Whether the map places it here; if not, people were only seen to meet it here. */
  planned: boolean;
  /** People of the segment who met it in this stage. */
  people: number;
  /** Their interactions with it in this stage. */
  interactions: number;
  /** How many parts of it stand in the same cell, folded under it. */
  parts: number;
  /** The share of requests answered in time, where that is looked at and something is asked here. */
  inTime?: Figure | undefined;
  /** Whether it is shown under what it is a part of. */
  isPart: boolean;
}

/** One place of the grid. */
export interface GridCell {
  stage: Stage;
  chips: Chip[];
  /** What is missing here, the worst first. */
  missing: Missing[];
}

/** One row of the grid. */
export interface GridRow {
  segment: Segment;
  figures: SegmentFigures | undefined;
  cells: GridCell[];
}

/** Narrows the grid to one segment or one verdict; null: all. */
export interface Filter {
  segment: string | null;
  verdict: VerdictKind | null;
}

/**
 * Lays out the rows of a map, as far as the filter lets them through. `unfolded`: whose parts are shown; `inTime`: how many
 * requests are answered in time, by touchpoint.
 */
export function layOut(
  map: TouchpointMap,
  report: MapReport,
  filter: Filter,
  unfolded: ReadonlySet<string> = new Set(),
  inTime: ReadonlyMap<string, Figure> = new Map(),
): GridRow[] {
  const segments = new Map(report.segments.map((entry) => [entry.segment, entry]));
  const shown = map.segments.filter((segment) => filter.segment === null || segment.id === filter.segment);
  const chips = chipsByPlace(map, report, shown);
  return shown.map((segment) => ({
    segment,
    figures: segments.get(segment.id),
    cells: map.stages.map((stage) => ({
      stage,
      missing: missingIn(segments.get(segment.id), stage.id),
      chips: nest(
        (chips.get(placeKey(segment.id, stage.id)) ?? [])
          .map((chip) => (inTime.has(chip.touchpoint.id) ? { ...chip, inTime: inTime.get(chip.touchpoint.id) } : chip))
          .filter((chip) => filter.verdict === null || chip.verdict === filter.verdict)
          .sort(byAttention),
        unfolded,
      ),
    })),
  }));
}

/**
 * Finds what stands in each cell, planned or only seen there: from each touchpoint to its few cells, for asking each cell about
 * each of a thousand touchpoints takes longer than a frame.
 */
function chipsByPlace(map: TouchpointMap, report: MapReport, segments: readonly Segment[]): Map<string, Chip[]> {
  const figures = new Map(report.touchpoints.map((entry) => [entry.touchpoint, entry]));
  const observed = new Map<string, CellFigures[]>();
  for (const cell of report.cells) listAt(observed, cell.touchpoint).push(cell);
  const found = new Map<string, Chip[]>();
  for (const touchpoint of map.touchpoints.filter(isOnGrid)) {
    const planned = new Set(
      touchpoint.cells.flatMap(({ segment, stage }) =>
        segment ? [placeKey(segment, stage)] : segments.map(({ id }) => placeKey(id, stage)),
      ),
    );
    const seen = new Map(
      observed
        .get(touchpoint.id)
        ?.filter((cell) => cell.people > 0)
        .map((cell) => [placeKey(cell.segment, cell.stage), cell]),
    );
    for (const place of new Set([...planned, ...seen.keys()])) {
      const chip = chipOf(touchpoint, figures.get(touchpoint.id), seen.get(place), planned.has(place));
      listAt(found, place).push(chip);
    }
  }
  return found;
}

function listAt<Key, Value>(lists: Map<Key, Value[]>, key: Key): Value[] {
  const known = lists.get(key);
  if (known) return known;
  const made: Value[] = [];
  lists.set(key, made);
  return made;
}

/** Tells whether the map places a touchpoint in a cell; a cell without segment means every segment. */
export function isPlanned(touchpoint: Touchpoint, segment: string, stage: string): boolean {
  return touchpoint.cells.some((cell) => cell.stage === stage && (cell.segment ?? segment) === segment);
}

/** Tells whether a touchpoint belongs on the grid: retired ones and those without customers do not. */
export function isOnGrid(touchpoint: Touchpoint): boolean {
  return touchpoint.life !== 'retired' && (touchpoint.class ?? 'customer') === 'customer';
}

function chipOf(
  touchpoint: Touchpoint,
  figures: TouchpointFigures | undefined,
  cell: CellFigures | undefined,
  planned: boolean,
): Chip {
  return {
    touchpoint,
    figures,
    verdict: figures?.verdict.kind ?? 'none',
    planned,
    people: cell?.people ?? 0,
    interactions: cell?.interactions ?? 0,
    parts: 0,
    isPart: false,
  };
}

/** Puts parts under what they are a part of, where both stand in one cell; folded ones are only counted. */
function nest(chips: Chip[], unfolded: ReadonlySet<string>): Chip[] {
  const here = new Set(chips.map((chip) => chip.touchpoint.id));
  const partsOf = (id: string) => chips.filter((chip) => chip.touchpoint.parent === id);
  const isWhole = (chip: Chip) => !chip.touchpoint.parent || !here.has(chip.touchpoint.parent);
  // Each node is reached once: what is a part of a part goes under the whole.
  const wholeOf = (chip: Chip): string => {
    const seen = new Set<string>();
    let at = chip;
    while (!isWhole(at) && !seen.has(at.touchpoint.id)) {
      seen.add(at.touchpoint.id);
      at = chips.find((other) => other.touchpoint.id === at.touchpoint.parent) ?? at;
    }
    return at.touchpoint.id;
  };
  if (chips.every(isWhole)) return chips;
  return chips
    .filter((chip) => isWhole(chip) || wholeOf(chip) === chip.touchpoint.id)
    .flatMap((whole) => {
      const id = whole.touchpoint.id;
      const parts = partsOf(id).length === 0 ? [] : chips.filter((chip) => chip !== whole && wholeOf(chip) === id);
      const shown = unfolded.has(id) ? parts.map((part) => ({ ...part, isPart: true })) : [];
      return [{ ...whole, parts: parts.length }, ...shown];
    });
}

function missingIn(figures: SegmentFigures | undefined, stage: string): Missing[] {
  return (figures?.gaps ?? []).filter((gap) => gap.stage === stage).map((gap) => gap.missing);
}

function placeKey(...parts: string[]): string {
  return parts.join('\u0000');
}

/** Planned before merely observed, what asks for a change before what does not, many people before few. */
function byAttention(a: Chip, b: Chip): number {
  return (
    Number(b.planned) - Number(a.planned) || verdictRank(a.verdict) - verdictRank(b.verdict) || b.people - a.people
  );
}

/** How many chips a cell shows before it folds the rest. */
export const foldAfter = 4;

/** While the map is edited, what is planned is shown in full: what was just added must not hide behind a fold. */
export const foldNever = 1_000;

/**
 * Splits the chips of a cell into those shown and those folded away. Merely observed ones are folded first, and
 * nothing is folded to hide a single chip.
 */
export function fold(
  chips: readonly Chip[],
  limit: number = foldAfter,
): { shown: readonly Chip[]; folded: readonly Chip[] } {
  const planned = chips.filter((chip) => chip.planned).length;
  const count = Math.min(limit, Math.max(planned, Math.min(2, chips.length)));
  if (chips.length <= count + 1) return { shown: chips, folded: [] };
  return { shown: chips.slice(0, count), folded: chips.slice(count) };
}

/** So many chips are drawn or left out together. */
const blockSize = 8;

/** Up to so many chips a cell draws all: most maps never need more. */
const drawnAtOnce = 24;

/** Cuts the chips of a cell into blocks, each with the number of its first; a short list is one block. */
export function blocksOf(chips: readonly Chip[]): { from: number; chips: readonly Chip[] }[] {
  if (chips.length <= drawnAtOnce) return [{ from: 0, chips }];
  return Array.from({ length: Math.ceil(chips.length / blockSize) }, (_, block) => {
    const from = block * blockSize;
    return { from, chips: chips.slice(from, from + blockSize) };
  });
}

/**
 * Looks at a map with its last two stages as one: the preset of six columns, in which loyalty and advocacy stand together.
 * Names are joined, weights and shares summed; the map itself stays as it is.
 */
export function joinLast(map: TouchpointMap, report: MapReport): { map: TouchpointMap; report: MapReport } {
  const [kept, last] = map.stages.slice(-2);
  if (map.stages.length < 3 || !kept || !last) return { map, report };
  const into = <T extends { stage: string }>(entry: T): T =>
    entry.stage === last.id ? { ...entry, stage: kept.id } : entry;
  const both = (language: 'en' | 'fr' | 'ru') => [kept, last].map((stage) => written(stage.name, language)).join(' · ');
  const stage: Stage = {
    ...kept,
    name: { en: both('en'), fr: both('fr'), ru: both('ru') },
    weight: kept.weight + last.weight,
  };
  const figures = report.stages.slice(-2);
  const [a, b] = figures;
  const cells = new Map<string, CellFigures>();
  for (const cell of report.cells.map(into)) {
    const key = placeKey(cell.segment, cell.stage, cell.touchpoint);
    const there = cells.get(key);
    // Somebody may have met it in both stages: the larger number is what can be said for certain.
    cells.set(
      key,
      there
        ? {
            ...there,
            people: Math.max(there.people, cell.people),
            interactions: there.interactions + cell.interactions,
          }
        : cell,
    );
  }
  return {
    map: {
      ...map,
      stages: [...map.stages.slice(0, -2), stage],
      touchpoints: map.touchpoints.map((touchpoint) => ({
        ...touchpoint,
        cells: touchpoint.cells.map(into),
        primary_stage: touchpoint.primary_stage === last.id ? kept.id : touchpoint.primary_stage,
      })),
    },
    report: {
      ...report,
      cells: [...cells.values()],
      stages:
        a && b
          ? [
              ...report.stages.slice(0, -2),
              {
                ...a,
                importance: a.importance + b.importance,
                cost_share: a.cost_share + b.cost_share,
                interaction_share: a.interaction_share + b.interaction_share,
                touchpoint_share: a.touchpoint_share + b.touchpoint_share,
                staff_share: a.staff_share + b.staff_share,
                gap: a.gap + b.gap,
                reached: Math.max(a.reached, b.reached),
              },
            ]
          : report.stages,
      segments: report.segments.map((segment) => ({
        ...segment,
        reached: [...segment.reached.slice(0, -2), Math.max(segment.reached.at(-2) ?? 0, segment.reached.at(-1) ?? 0)],
        // Something is missing in the joined column only where it is missing in both.
        gaps: segment.gaps.filter(
          (gap) =>
            ![kept.id, last.id].includes(gap.stage) ||
            (gap.stage === kept.id &&
              segment.gaps.some((other) => other.stage === last.id && other.missing === gap.missing)),
        ),
      })),
    },
  };
}

function written(text: Stage['name'], language: 'en' | 'fr' | 'ru'): string {
  return typeof text === 'string' ? text : (text[language] ?? text.en);
}
