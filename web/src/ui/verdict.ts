// The verdicts as the screen shows them: in the order in which they deserve a look, each with its shape.
import type { VerdictKind } from '../app/api/types';

/** All verdicts, those that ask for a change first. */
export const verdictOrder: readonly VerdictKind[] = [
  'wasted',
  'over_used',
  'under_used',
  'needs_care',
  'dark',
  'effective',
  'neutral',
  'insufficient_data',
  'none',
];

/** The verdicts that ask for a change of effort, as `VerdictKind::asks_for_change` of the model says. */
export const asksForChange: ReadonlySet<VerdictKind> = new Set([
  'dark',
  'over_used',
  'wasted',
  'under_used',
  'needs_care',
]);

/** The place of a verdict in [verdictOrder]. */
export function verdictRank(kind: VerdictKind): number {
  return verdictOrder.indexOf(kind);
}

/** The colour of a verdict: a token of the style sheet. */
export const verdictColour: Readonly<Record<VerdictKind, string>> = {
  wasted: 'var(--wasted)',
  over_used: 'var(--over-used)',
  under_used: 'var(--under-used)',
  needs_care: 'var(--needs-care)',
  effective: 'var(--effective)',
  dark: 'var(--quiet)',
  neutral: 'var(--quiet)',
  insufficient_data: 'var(--quiet)',
  none: 'var(--quiet)',
};
