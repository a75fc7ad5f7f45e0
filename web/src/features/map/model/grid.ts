// Lays the map out as a grid: for each segment and stage, the touchpoints that are planned there and those that
// people were only seen to meet there. Pure: from the design and the report to rows of cells.
import type {
  CellFigures,
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

/** Lays out the rows of a map, as far as the filter lets them through. */
export function layOut(map: TouchpointMap, report: MapReport, filter: Filter): GridRow[] {
  const figures = new Map(report.touchpoints.map((entry) => [entry.touchpoint, entry]));
  const segments = new Map(report.segments.map((entry) => [entry.segment, entry]));
  const observed = new Map(report.cells.map((cell) => [placeKey(cell.segment, cell.stage, cell.touchpoint), cell]));
  const shown = map.touchpoints.filter((touchpoint) => isOnGrid(touchpoint));
  return map.segments
    .filter((segment) => filter.segment === null || segment.id === filter.segment)
    .map((segment) => ({
      segment,
      figures: segments.get(segment.id),
      cells: map.stages.map((stage) => ({
        stage,
        missing: missingIn(segments.get(segment.id), stage.id),
        chips: shown
          .flatMap((touchpoint) => {
            const cell = observed.get(placeKey(segment.id, stage.id, touchpoint.id));
            return chipOf(touchpoint, figures.get(touchpoint.id), cell, isPlanned(touchpoint, segment.id, stage.id));
          })
          .filter((chip) => filter.verdict === null || chip.verdict === filter.verdict)
          .sort(byAttention),
      })),
    }));
}

/** Tells whether the map places a touchpoint in a cell; a cell without segment means every segment. */
export function isPlanned(touchpoint: Touchpoint, segment: string, stage: string): boolean {
  return touchpoint.cells.some((cell) => cell.stage === stage && (cell.segment ?? segment) === segment);
}

/** Tells whether a touchpoint belongs on the grid: retired ones and those without customers do not. */
function isOnGrid(touchpoint: Touchpoint): boolean {
  return touchpoint.life !== 'retired' && (touchpoint.class ?? 'customer') === 'customer';
}

function chipOf(
  touchpoint: Touchpoint,
  figures: TouchpointFigures | undefined,
  cell: CellFigures | undefined,
  planned: boolean,
): Chip[] {
  const people = cell?.people ?? 0;
  if (!planned && people === 0) return [];
  return [
    {
      touchpoint,
      figures,
      verdict: figures?.verdict.kind ?? 'none',
      planned,
      people,
      interactions: cell?.interactions ?? 0,
    },
  ];
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
