// The number that every chip shows, chosen by the reader. People and interactions belong to the cell,
// all others to the touchpoint as a whole.
import type { Completeness, Figure } from '../../../app/api/types';
import { counted, scaleOf, type Scale } from '../../../ui/figure';
import type { Chip, GridRow } from './grid';

/** The overlays, in the order of the menu. */
export const overlays = [
  'people',
  'interactions',
  'effect',
  'conversion',
  'cost',
  'cost_per_outcome',
  'satisfaction',
  'in_time',
  'evidence',
  'gaps',
  'verdict',
] as const;

/** One of the overlays. */
export type Overlay = (typeof overlays)[number];

/** Reads the overlay of an address; people where it names none. */
export function overlayOf(name: string | null): Overlay {
  return overlays.find((overlay) => overlay === name) ?? 'people';
}

/** Returns the figure of a chip under an overlay; null where the overlay is the bare verdict or nothing is known. */
export function readOverlay(overlay: Overlay, chip: Chip): Figure | null {
  switch (overlay) {
    case 'people':
      return counted(chip.people, chip.people, 'count');
    case 'interactions':
      return counted(chip.interactions, chip.people, 'count');
    case 'conversion':
    case 'cost_per_outcome':
    case 'satisfaction':
      // The figure is that of the whole touchpoint: of a cell in which nobody met it, it says nothing.
      return chip.people === 0 ? null : (chip.figures?.[overlay] ?? null);
    case 'in_time':
      return chip.people === 0 ? null : (chip.inTime ?? null);
    case 'effect':
      return chip.figures?.progression.lift ?? null;
    case 'cost':
      return chip.figures ? counted(chip.figures.cost, chip.figures.interactions, 'money') : null;
    case 'gaps':
      return chip.figures ? counted(missingChecks(chip.figures.completeness), 6, 'count') : null;
    case 'evidence':
    case 'verdict':
      return null;
  }
}

/** How many of the six checks of a touchpoint's data fail (M12). */
function missingChecks(known: Completeness): number {
  const checks = ['emits', 'identified', 'feedback', 'cost', 'outcome', 'fresh'] as const;
  return checks.filter((check) => !known[check]).length;
}

/**
 * Finds the scale on which all chips are drawn. One very uncertain figure must not flatten all others: a whisker may
 * reach at most half as far again as the greatest value, and is cut there.
 */
export function overlayScale(overlay: Overlay, rows: readonly GridRow[]): Scale {
  const figures = rows.flatMap((row) =>
    row.cells.flatMap((cell) => cell.chips.map((chip) => readOverlay(overlay, chip))),
  );
  const known = figures.filter((figure): figure is Figure => figure !== null);
  const whole = scaleOf(known);
  const values = scaleOf(known.map((figure) => ({ value: figure.value })));
  return { from: Math.max(whole.from, values.from * 1.5), to: Math.min(whole.to, values.to * 1.5) };
}
