// Tells how to speak of an objective: as a way from the start to the target, or, where the start was at the target already, of
// whether it still is. A way of nothing has no part that is behind.
import type { components } from '../app/api/schema';

type Found = Pick<components['schemas']['ObjectiveProgress'], 'aim' | 'now' | 'start'>;

/** On the way; at the target since the start; at the target then and short of it now; or no number yet. */
export type Standing = 'way' | 'kept' | 'lost' | 'unknown';

/** Of which numbers more is better, and of which less; of people and interactions either may be wanted. */
const better: Partial<Record<NonNullable<Found['aim']>['measure'], 1 | -1>> = {
  outcomes: 1,
  value: 1,
  conversion: 1,
  satisfaction: 1,
  recommendation: 1,
  retention: 1,
  cost: -1,
  cost_per_outcome: -1,
};

/** Tells where an objective stands. */
export function standing({ aim, now, start }: Found): Standing {
  const [was, is] = [start?.value, now?.value];
  if (!aim || typeof was !== 'number' || typeof is !== 'number') return 'unknown';
  const side = better[aim.measure];
  const isAt = (value: number) => side !== undefined && (value - aim.target) * side >= 0;
  if (!isAt(was)) return 'way';
  return isAt(is) ? 'kept' : 'lost';
}
