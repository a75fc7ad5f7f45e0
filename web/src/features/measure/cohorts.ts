// Puts together what is known of people by when they began: how many they are, and who of them came back.
import type { LifecycleAnswer, RetentionAnswer } from './api';

/** People who began in one period. */
export interface CohortRow {
  /** When the period began, UTC microseconds. */
  from: number;
  isOver: boolean;
  /** Everybody who began in it, be it long enough ago for a share or not. */
  people: number;
  ages: RetentionAnswer['cohorts'][number]['ages'];
}

/**
 * Lists the cohorts. Both answers count periods from the start of the data, and both begin with the period in which the
 * first person did: so one tells the other's dates.
 */
export function cohortsOf(retention: RetentionAnswer, lifecycle: LifecycleAnswer): CohortRow[] {
  const length = retention.period_days * 86_400_000_000;
  const [first, began] = [lifecycle.periods[0], retention.cohorts[0]];
  if (!first || !began) return [];
  const start = first.from - began.period * length;
  const byFrom = new Map(lifecycle.periods.map((period) => [period.from, period]));
  return retention.cohorts.map(({ period, ages }) => {
    const from = start + period * length;
    const life = byFrom.get(from);
    return { from, isOver: life?.is_over ?? true, people: life?.new ?? ages[0]?.old_enough ?? 0, ages };
  });
}
