import { describe, expect, it } from 'vitest';
import { sampleMap, sampleReport } from '../../../../dev/company.mjs';
import { blocksOf, fold, isPlanned, joinLast, layOut, type Chip } from './grid';

const map = sampleMap();
const report = sampleReport();
const all = { segment: null, verdict: null };
const rows = layOut(map, report, all);
const chipsOf = (row: number, stage: string): Chip[] =>
  rows[row]?.cells.find((cell) => cell.stage.id === stage)?.chips ?? [];

describe('grid', () => {
  it('has a row for each segment and a cell for each stage', () => {
    expect(rows.map((row) => row.segment.id)).toEqual(['new', 'first', 'repeat']);
    for (const row of rows) expect(row.cells).toHaveLength(7);
    expect(layOut(map, report, { ...all, segment: 'repeat' }).map((row) => row.segment.id)).toEqual(['repeat']);
  });

  it('puts a touchpoint wherever the map places it', () => {
    for (const touchpoint of map.touchpoints) {
      for (const [index, segment] of map.segments.entries()) {
        for (const stage of map.stages) {
          const chip = chipsOf(index, stage.id).find((entry) => entry.touchpoint.id === touchpoint.id);
          expect(chip?.planned ?? false).toBe(isPlanned(touchpoint, segment.id, stage.id));
        }
      }
    }
  });

  it('adds what was only observed, after what is planned', () => {
    const chips = rows.flatMap((row) => row.cells).filter((cell) => cell.chips.some((chip) => !chip.planned));
    expect(chips.length).toBeGreaterThan(0);
    for (const cell of chips) {
      const firstObserved = cell.chips.findIndex((chip) => !chip.planned);
      expect(cell.chips.slice(firstObserved).every((chip) => !chip.planned && chip.people > 0)).toBe(true);
    }
  });

  it('shows what asks for a change first', () => {
    expect(chipsOf(0, 'awareness')[0]?.touchpoint.id).toBe('online-ad');
    expect(
      chipsOf(0, 'consideration')
        .slice(0, 4)
        .map((chip) => chip.verdict),
    ).toEqual(['wasted', 'over_used', 'under_used', 'needs_care']);
  });

  it('shows one verdict alone', () => {
    const chips = layOut(map, report, { ...all, verdict: 'dark' }).flatMap((row) =>
      row.cells.flatMap((cell) => cell.chips),
    );
    expect(new Set(chips.map((chip) => chip.touchpoint.id))).toEqual(new Set(['packaging']));
  });

  it('says what is missing in a cell', () => {
    expect(rows[0]?.cells.at(-1)?.missing).toEqual(['way_out']);
    expect(rows[2]?.cells.at(-1)?.missing).toEqual([]);
  });

  it('leaves out what is retired or without customers', () => {
    const [first, second, ...rest] = map.touchpoints;
    if (!first || !second) throw new Error('the sample has touchpoints');
    const changed = {
      ...map,
      touchpoints: [{ ...first, life: 'retired' as const }, { ...second, class: 'internal' as const }, ...rest],
    };
    const shown = layOut(changed, report, all).flatMap((row) =>
      row.cells.flatMap((cell) => cell.chips.map((chip) => chip.touchpoint.id)),
    );
    expect(shown).not.toContain(first.id);
    expect(shown).not.toContain(second.id);
  });
});

describe('fold', () => {
  const cell = (planned: number, observed: number) =>
    Array.from({ length: planned + observed }, (_, index) => ({ planned: index < planned }) as Chip);

  function check(planned: number, observed: number, shown: number, folded: number) {
    const parts = fold(cell(planned, observed), 4);
    expect([parts.shown.length, parts.folded.length], `${planned} + ${observed}`).toEqual([shown, folded]);
  }

  it('shows a few and keeps the rest', () => {
    check(0, 0, 0, 0);
    check(4, 0, 4, 0);
    check(5, 0, 5, 0); // A fold that hides one chip saves nothing.
    check(6, 0, 4, 2);
    check(3, 5, 3, 5); // Those merely observed are folded first.
    check(0, 6, 2, 4);
  });
});

describe('parts', () => {
  const [whole, part, deeper, ...rest] = map.touchpoints.filter((touchpoint) => touchpoint.class !== 'internal');
  if (!whole || !part || !deeper) throw new Error('the sample has touchpoints');
  const here = [{ segment: 'new', stage: 'awareness' }];
  const nested = {
    ...map,
    touchpoints: [
      { ...whole, cells: here },
      { ...part, cells: here, parent: whole.id },
      { ...deeper, cells: here, parent: part.id },
      ...rest,
    ],
  };
  const ids = (open: string[]) =>
    layOut(nested, report, all, new Set(open))[0]?.cells[0]?.chips.map((chip) => [
      chip.touchpoint.id,
      chip.parts,
      chip.isPart,
    ]) ?? [];

  it('are folded under the whole, and counted', () => {
    expect(ids([])).toContainEqual([whole.id, 2, false]);
    expect(ids([]).map(([id]) => id)).not.toContain(part.id);
  });

  it('stand right after it when unfolded', () => {
    const shown = ids([whole.id]).map(([id]) => id);
    const start = shown.indexOf(whole.id);
    expect(shown.slice(start + 1, start + 3).sort()).toEqual([part.id, deeper.id].sort());
  });

  it('are never lost, even in a circle', () => {
    const circle = {
      ...nested,
      touchpoints: nested.touchpoints.map((t) => (t.id === whole.id ? { ...t, parent: part.id } : t)),
    };
    const chips = layOut(circle, report, all)[0]?.cells[0]?.chips ?? [];
    expect(chips.some((chip) => [whole.id, part.id, deeper.id].includes(chip.touchpoint.id))).toBe(true);
  });
});

describe('six columns', () => {
  const joined = joinLast(map, report);

  it('join the last two and lose nothing', () => {
    expect(joined.map.stages).toHaveLength(map.stages.length - 1);
    expect(joined.map.stages.reduce((sum, stage) => sum + stage.weight, 0)).toBeCloseTo(1);
    expect(joined.report.stages).toHaveLength(joined.map.stages.length);
    const shown = (rows: ReturnType<typeof layOut>) =>
      new Set(rows.flatMap((row) => row.cells.flatMap((cell) => cell.chips.map((chip) => chip.touchpoint.id))));
    expect(shown(layOut(joined.map, joined.report, all))).toEqual(shown(rows));
    expect(map.stages).toHaveLength(7); // The map itself is as it was.
  });

  it('count an interaction once', () => {
    const sum = (cells: { interactions: number }[]) => cells.reduce((total, cell) => total + cell.interactions, 0);
    expect(sum(joined.report.cells)).toBe(sum(report.cells));
  });

  it('cuts a crowded cell into blocks that hold every chip once, in order', () => {
    const chip = chipsOf(0, map.stages[0]?.id ?? '')[0];
    if (!chip) throw new Error('the sample map has a first chip');
    const many = Array.from({ length: 101 }, (_, index) => ({ ...chip, people: index }));
    expect(blocksOf(many.slice(0, 24))).toHaveLength(1);
    const blocks = blocksOf(many);
    expect(blocks.length).toBeGreaterThan(5);
    expect(blocks.flatMap((block) => block.chips.map((entry) => entry.people))).toEqual(
      many.map((entry) => entry.people),
    );
    for (const block of blocks) expect(block.chips[0]?.people).toBe(block.from);
  });
});
