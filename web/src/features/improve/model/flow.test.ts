import { describe, expect, it } from 'vitest';
import type { Journey, JourneyFlow } from '../api';
import { addAfter, around, at, changeStep, comparedOf, linesOf, move, replace, stepAt, unwrap, wrap } from './flow';

const step = stepAt;
const tree: JourneyFlow = {
  sequence: [step('a'), { choice: [step('b'), { sequence: [step('c'), step('d')] }] }, step('e')],
};

/** Writes a tree in one line. */
function write(flow: JourneyFlow): string {
  if ('step' in flow) return flow.step.touchpoint;
  const [kind, parts] = Object.entries(flow)[0] as [string, JourneyFlow | JourneyFlow[]];
  return `${kind[0]}(${[parts].flat().map(write).join(' ')})`;
}

describe('a journey under the pen', () => {
  it('is listed line by line with the numbers of its steps', () => {
    const lines = linesOf(tree);
    expect(lines.map((line) => `${'  '.repeat(line.depth)}${line.step?.touchpoint ?? line.kind}`)).toEqual([
      'a',
      'choice',
      '  b',
      '  sequence',
      '    c',
      '    d',
      'e',
    ]);
    expect(lines.map((line) => line.number)).toEqual([0, null, 1, null, 2, 3, 4]);
    for (const line of lines) expect(linesOf(tree).find((other) => other.place === line.place)).toBeUndefined();
  });

  it('takes parts and gives them up', () => {
    expect(write(addAfter(tree, [0], step('x')).flow)).toBe('s(a x c(b s(c d)) e)');
    expect(write(addAfter(tree, null, step('x')).flow)).toBe('s(a c(b s(c d)) e x)');
    expect(write(addAfter(tree, [1, 0], step('x')).flow)).toBe('s(a c(b x s(c d)) e)');
    expect(write(addAfter(step('a'), [], step('x')).flow)).toBe('s(a x)');
    const optional: JourneyFlow = { sequence: [{ optional: step('a') }] };
    expect(write(addAfter(optional, [0, 0], step('x')).flow)).toBe('s(o(s(a x)))');
    expect(write(replace(tree, [1, 1], []))).toBe('s(a c(b) e)');
    expect(write(replace({ sequence: [{ loop: step('a') }, step('b')] }, [0, 0], []))).toBe('s(b)');
  });

  it('is wrapped and unwrapped', () => {
    expect(write(wrap(tree, [0], 'optional', step('z')))).toBe('s(o(a) c(b s(c d)) e)');
    expect(write(wrap(tree, [0], 'parallel', step('z')))).toBe('s(p(a z) c(b s(c d)) e)');
    expect(write(unwrap(tree, [1]))).toBe('s(a b s(c d) e)');
    expect(write(unwrap(wrap(tree, [0], 'loop', step('z')), [0]))).toBe(write(tree));
  });

  it('tells which block a step stands in', () => {
    expect(around(tree, [0])).toBeNull();
    expect(around(tree, [1, 0])).toBe('choice');
    expect(around(tree, [1, 1, 1])).toBe('choice');
    expect(around({ optional: step('a') }, [0])).toBe('optional');
  });

  it('is moved among neighbours', () => {
    expect(write(move(tree, [0], 1)?.flow ?? tree)).toBe('s(c(b s(c d)) a e)');
    expect(move(tree, [0], -1)).toBeNull();
    expect(move(tree, [1, 1, 1], -1)?.place).toEqual([1, 1, 0]);
  });

  it('changes a step and nothing else', () => {
    const changed = changeStep(tree, [1, 1, 0], { within_hours: 4 });
    expect(at(changed, [1, 1, 0])).toEqual({
      step: { touchpoint: 'c', scene: { caption: '', emotion: 0 }, within_hours: 4 },
    });
    expect(write(changed)).toBe(write(tree));
    expect(changeStep(tree, [1], { touchpoint: 'x' })).toBe(tree);
  });

  it('is compared anew only when what is met changes', () => {
    const journey: Journey = { id: 'visit', name: 'A visit', flow: tree };
    const drawn = (by: Parameters<typeof changeStep>[2]) => ({ ...journey, flow: changeStep(tree, [0], by) });
    const before = comparedOf(journey);
    expect(comparedOf({ ...journey, name: 'Another', goal: 'Tea' })).toBe(before);
    expect(comparedOf(drawn({ scene: { caption: 'I knock', emotion: 1 } }))).toBe(before);
    expect(comparedOf(drawn({ within_hours: 4 }))).not.toBe(before);
    expect(comparedOf({ ...journey, segment: 'guests' })).not.toBe(before);
  });
});
