// A designed journey as a tree that is edited: pure functions from one tree to the next, so that undo is the one before.
// A place in the tree is the list of positions that leads there; the root is the empty list.
import type { Journey, JourneyFlow, JourneyStep } from '../api';

/** The kinds of blocks. */
export type BlockKind = 'sequence' | 'choice' | 'parallel' | 'optional' | 'loop';
export const blockKinds: readonly BlockKind[] = ['sequence', 'choice', 'parallel', 'optional', 'loop'];

/** Returns the kind of a part. */
export function kindOf(flow: JourneyFlow): BlockKind | 'step' {
  if ('step' in flow) return 'step';
  return blockKinds.find((kind) => kind in flow) ?? 'sequence';
}

/** Returns the parts of a block; a step has none. */
export function partsOf(flow: JourneyFlow): JourneyFlow[] {
  if ('step' in flow) return [];
  if ('sequence' in flow) return flow.sequence;
  if ('choice' in flow) return flow.choice;
  if ('parallel' in flow) return flow.parallel;
  return ['optional' in flow ? flow.optional : flow.loop];
}

/** Makes a block of parts. What may hold one part only holds several as a sequence. */
export function block(kind: BlockKind, parts: JourneyFlow[]): JourneyFlow {
  const one = (): JourneyFlow => (parts.length === 1 && parts[0] ? parts[0] : { sequence: parts });
  if (kind === 'optional') return { optional: one() };
  if (kind === 'loop') return { loop: one() };
  if (kind === 'choice') return { choice: parts };
  return kind === 'parallel' ? { parallel: parts } : { sequence: parts };
}

/** Makes a step at a touchpoint. */
export function stepAt(touchpoint: string): JourneyFlow {
  return { step: { touchpoint, scene: { caption: '', emotion: 0 } } };
}

/** One line of the tree as it is shown. */
export interface Line {
  place: number[];
  depth: number;
  kind: BlockKind | 'step';
  step: JourneyStep | null;
  /** The number of a step in the order of writing, as the server counts. */
  number: number | null;
}

/** Lists the tree line by line; the outermost sequence has no line of its own. */
export function linesOf(flow: JourneyFlow): Line[] {
  const lines: Line[] = [];
  let steps = 0;
  const walk = (part: JourneyFlow, place: number[], depth: number) => {
    const kind = kindOf(part);
    const outermost = place.length === 0 && kind === 'sequence';
    if (!outermost) {
      const step = 'step' in part ? part.step : null;
      lines.push({ place, depth, kind, step, number: step ? steps++ : null });
    }
    partsOf(part).forEach((inner, at) => walk(inner, [...place, at], outermost ? depth : depth + 1));
  };
  walk(flow, [], 0);
  return lines;
}

/** Returns the innermost block around a place in which not every part is met one after the other; none: `null`. */
export function around(flow: JourneyFlow, place: readonly number[]): Exclude<BlockKind, 'sequence'> | null {
  for (let depth = place.length - 1; depth >= 0; depth--) {
    const part = at(flow, place.slice(0, depth));
    const kind = part && kindOf(part);
    if (kind && kind !== 'sequence' && kind !== 'step') return kind;
  }
  return null;
}

/** Returns the part at a place. */
export function at(flow: JourneyFlow, place: readonly number[]): JourneyFlow | null {
  let part: JourneyFlow | undefined = flow;
  for (const position of place) part = part && partsOf(part)[position];
  return part ?? null;
}

/** Puts other parts at a place; none takes what was there away, and blocks that are left empty with it. */
export function replace(flow: JourneyFlow, place: readonly number[], by: readonly JourneyFlow[]): JourneyFlow {
  const [position, ...rest] = place;
  if (position === undefined) return by.length === 1 && by[0] ? by[0] : { sequence: [...by] };
  const parts = partsOf(flow);
  const inner = parts[position];
  if (!inner) return flow;
  const changed = rest.length === 0 ? [...by] : [replace(inner, rest, by)].filter((part) => !isEmpty(part));
  const next = [...parts.slice(0, position), ...changed, ...parts.slice(position + 1)];
  return block(kindOf(flow) as BlockKind, next);
}

/** Changes the step at a place. */
export function changeStep(flow: JourneyFlow, place: readonly number[], by: Partial<JourneyStep>): JourneyFlow {
  const part = at(flow, place);
  return part && 'step' in part ? replace(flow, place, [{ step: { ...part.step, ...by } }]) : flow;
}

/** Adds a part after a place, or at the end. Returns the tree and where the part is. */
export function addAfter(
  flow: JourneyFlow,
  place: readonly number[] | null,
  part: JourneyFlow,
): { flow: JourneyFlow; place: number[] } {
  const root: JourneyFlow = kindOf(flow) === 'sequence' ? flow : { sequence: [flow] };
  const shifted = root === flow ? place : place && [0, ...place];
  if (!shifted || shifted.length === 0) {
    const parts = partsOf(root);
    return { flow: { sequence: [...parts, part] }, place: [parts.length] };
  }
  const last = shifted[shifted.length - 1] ?? 0;
  const outer = shifted.slice(0, -1);
  const holder = at(root, outer);
  const kind = holder && kindOf(holder);
  if (kind === 'optional' || kind === 'loop') {
    const inner = at(root, shifted);
    if (!inner) return { flow, place: [...(place ?? [])] };
    const parts = kindOf(inner) === 'sequence' ? partsOf(inner) : [inner];
    return { flow: replace(root, shifted, [{ sequence: [...parts, part] }]), place: [...shifted, parts.length] };
  }
  const inner = at(root, shifted);
  return { flow: replace(root, shifted, inner ? [inner, part] : [part]), place: [...outer, last + 1] };
}

/** Wraps the part at a place in a block. A choice or parallel gets a second branch beside it. */
export function wrap(flow: JourneyFlow, place: readonly number[], kind: BlockKind, second: JourneyFlow): JourneyFlow {
  const part = at(flow, place);
  if (!part) return flow;
  const parts = kind === 'choice' || kind === 'parallel' ? [part, second] : [part];
  return replace(flow, place, [block(kind, parts)]);
}

/** Takes a block away and leaves its parts. */
export function unwrap(flow: JourneyFlow, place: readonly number[]): JourneyFlow {
  const part = at(flow, place);
  if (!part || 'step' in part) return flow;
  const holder = place.length > 0 ? at(flow, place.slice(0, -1)) : null;
  const parts = partsOf(part);
  const fits = holder !== null && !['optional', 'loop'].includes(kindOf(holder));
  return replace(flow, place, fits || parts.length === 1 ? parts : [{ sequence: parts }]);
}

/** Moves a part among its neighbours; null where it is at the end already. */
export function move(
  flow: JourneyFlow,
  place: readonly number[],
  by: -1 | 1,
): { flow: JourneyFlow; place: number[] } | null {
  const position = place[place.length - 1];
  if (position === undefined) return null;
  const outer = place.slice(0, -1);
  const holder = at(flow, outer);
  const parts = holder ? [...partsOf(holder)] : [];
  const [part, other] = [parts[position], parts[position + by]];
  if (!holder || !part || !other) return null;
  [parts[position], parts[position + by]] = [other, part];
  return { flow: replace(flow, outer, [block(kindOf(holder) as BlockKind, parts)]), place: [...outer, position + by] };
}

/** Returns as a text what a comparison with lived journeys hangs on: names, the goal and scenes change nothing of it. */
export function comparedOf(journey: Journey): string {
  const told = new Set(['name', 'goal', 'scene']);
  return JSON.stringify(journey, (key, value: unknown) => (told.has(key) ? undefined : value));
}

function isEmpty(flow: JourneyFlow): boolean {
  return kindOf(flow) !== 'step' && partsOf(flow).every((part) => isEmpty(part));
}
