import { describe, expect, it } from 'vitest';
import { sampleReport } from '../../../../dev/company.mjs';
import { asksForChange } from '../../../ui/verdict';
import { atStake, countVerdicts, mostWorthDoing } from './stakes';

const report = sampleReport();
const entry = (id: string) => {
  const found = report.touchpoints.find((figures) => figures.touchpoint === id);
  if (!found) throw new Error(`no ${id} in the sample`);
  return found;
};

describe('stakes', () => {
  it('count every touchpoint once', () => {
    const counts = countVerdicts(report);
    expect(counts.reduce((sum, { count }) => sum + count, 0)).toBe(report.touchpoints.length);
    expect(counts[0]).toEqual({ kind: 'wasted', count: 1 });
  });

  it('price each verdict by its own metric', () => {
    expect(atStake(entry('online-ad'), report, 0.3)).toBe(entry('online-ad').waste.amount);
    const beyond = entry('newsletter').over_use?.curve.slice(3) ?? [];
    const lost = beyond.reduce((sum, step) => sum + step.at_risk * -step.net, 0);
    expect(atStake(entry('newsletter'), report, 0.3)).toBeCloseTo(lost, 6);
    const gained =
      (entry('guide').under_use.potential.value ?? 0) * (report.totals.value / report.totals.outcomes) * 0.3;
    expect(atStake(entry('guide'), report, 0.3)).toBeCloseTo(gained, 6);
    expect(atStake(entry('packaging'), report, 0.3)).toBe(0);
  });

  it('name the verdict with the most at stake', () => {
    const most = mostWorthDoing(report, 0.3);
    const worth = report.touchpoints
      .filter((figures) => asksForChange.has(figures.verdict.kind))
      .map((figures) => atStake(figures, report, 0.3));
    expect(most && atStake(most, report, 0.3)).toBe(Math.max(...worth));
  });

  it('name nothing where nothing asks for a change', () => {
    const calm = report.touchpoints.filter((figures) => !asksForChange.has(figures.verdict.kind));
    expect(mostWorthDoing({ ...report, touchpoints: calm }, 0.3)).toBeNull();
  });
});
