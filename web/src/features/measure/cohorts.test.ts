import { describe, expect, it } from 'vitest';
import type { LifecycleAnswer, RetentionAnswer } from './api';
import { cohortsOf } from './cohorts';

const day = 86_400_000_000;
const cell = (old_enough: number) => ({ old_enough, active: old_enough, share: {} });
const life = (from: number, people: number, is_over = true) => ({
  from: from * day,
  is_over,
  new: people,
  returning: 0,
  resurrected: 0,
  dormant: 0,
});

describe('cohorts', () => {
  it('count everybody who began, also those who are too young for a share', () => {
    // The question leaves out the first two periods of the data, which begin at day 100.
    const retention = {
      period_days: 30,
      all: [],
      cohorts: [
        { period: 2, ages: [cell(20), cell(20)] },
        { period: 3, ages: [cell(5)] },
        { period: 4, ages: [] },
      ],
    } as unknown as RetentionAnswer;
    const lifecycle: LifecycleAnswer = {
      period_days: 30,
      periods: [life(160, 20), life(190, 18), life(220, 3, false)],
    };
    const rows = cohortsOf(retention, lifecycle);
    expect(rows.map((row) => [row.from / day, row.people, row.isOver])).toEqual([
      [160, 20, true],
      [190, 18, true],
      [220, 3, false],
    ]);
  });

  it('are none where there is nobody', () => {
    const retention = { period_days: 30, all: [], cohorts: [] } as RetentionAnswer;
    expect(cohortsOf(retention, { period_days: 30, periods: [] })).toEqual([]);
  });
});
