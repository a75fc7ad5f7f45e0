// Places numbers, categories and times on a drawing. Small on purpose: what our charts need, and no more.

/** Maps numbers of a domain onto a length, straight. */
export interface Linear {
  (value: number): number;
  domain: readonly [number, number];
  /** Round numbers along the domain, about as many as asked for. */
  ticks(about?: number): number[];
}

/** Makes a straight scale. With `nice` the domain is widened to round numbers. */
export function linear(domain: readonly [number, number], range: readonly [number, number], nice = false): Linear {
  let [from, to] = finite(domain);
  if (nice) {
    const step = stepOf(from, to, 5);
    from = Math.floor(from / step) * step;
    to = Math.ceil(to / step) * step;
  }
  const scale = (value: number) => range[0] + ((value - from) / (to - from)) * (range[1] - range[0]);
  return Object.assign(scale, { domain: [from, to] as const, ticks: (about = 5) => ticks(from, to, about) });
}

/** Makes a scale on which equal steps are equal factors. What lies before its beginning stands at the beginning. */
export function logarithmic(
  domain: readonly [number, number],
  range: readonly [number, number],
): (value: number) => number {
  const from = Math.max(Number.MIN_VALUE, domain[0]);
  const length = Math.log(Math.max(from * 2, domain[1]) / from);
  return (value) => range[0] + (Math.log(Math.max(from, value) / from) / length) * (range[1] - range[0]);
}

/** Cuts a length into equal places, one per category, with gaps between them. */
export function band(
  count: number,
  range: readonly [number, number],
  gap = 0.2,
): { at(index: number): number; width: number } {
  const step = (range[1] - range[0]) / Math.max(1, count);
  return { at: (index) => range[0] + index * step + (step * gap) / 2, width: step * (1 - gap) };
}

/** Returns round numbers within a stretch. */
export function ticks(from: number, to: number, about = 5): number[] {
  const step = stepOf(from, to, about);
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  return Array.from({ length: Math.min(100, last - first + 1) }, (_, index) => rounded((first + index) * step));
}

/** Writes the path of a line; what is not known leaves a gap. */
export function linePath(points: readonly (readonly [number, number | null])[]): string {
  let isOpen = false;
  return points
    .map(([x, y]) => {
      if (y === null || !Number.isFinite(y)) {
        isOpen = false;
        return '';
      }
      const move = isOpen ? 'L' : 'M';
      isOpen = true;
      return `${move}${x.toFixed(1)} ${y.toFixed(1)}`;
    })
    .join('');
}

/** Writes the path of a band between a lower and an upper line. Where a limit is not known the band is interrupted. */
export function bandPath(points: readonly (readonly [number, number | null, number | null])[]): string {
  const runs: [number, number, number][][] = [[]];
  for (const [x, low, high] of points) {
    if (low === null || high === null) runs.push([]);
    else runs.at(-1)?.push([x, low, high]);
  }
  return runs
    .filter((run) => run.length > 1)
    .map((run) => {
      const there = run.map(([x, , high]) => `${x.toFixed(1)} ${high.toFixed(1)}`);
      const back = run.toReversed().map(([x, low]) => `${x.toFixed(1)} ${low.toFixed(1)}`);
      return `M${there.join('L')}L${back.join('L')}Z`;
    })
    .join('');
}

/** Writes a ribbon between two upright edges, as in a Sankey drawing. */
export function ribbonPath(from: { x: number; top: number }, to: { x: number; top: number }, width: number): string {
  const middle = (from.x + to.x) / 2;
  const curve = (x0: number, y0: number, x1: number, y1: number) =>
    `${x0.toFixed(1)} ${y0.toFixed(1)}C${middle.toFixed(1)} ${y0.toFixed(1)} ${middle.toFixed(1)} ${y1.toFixed(1)} ${x1.toFixed(1)} ${y1.toFixed(1)}`;
  return `M${curve(from.x, from.top, to.x, to.top)}L${curve(to.x, to.top + width, from.x, from.top + width)}Z`;
}

/** Stacks weights along a length with gaps between them; lengths are to scale, so they sum. */
export function stack(weights: readonly number[], length: number, gap = 6): { top: number; height: number }[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const free = Math.max(0, length - gap * Math.max(0, weights.length - 1));
  let top = 0;
  return weights.map((weight) => {
    const height = total > 0 ? (weight / total) * free : 0;
    const place = { top, height };
    top += height + gap;
    return place;
  });
}

function finite([from, to]: readonly [number, number]): [number, number] {
  if (!Number.isFinite(from) || !Number.isFinite(to)) return [0, 1];
  return from === to ? [Math.min(0, from), Math.max(from === 0 ? 1 : 0, to)] : [from, to];
}

function stepOf(from: number, to: number, about: number): number {
  const rough = Math.abs(to - from) / Math.max(1, about);
  if (!(rough > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = rough / power;
  return power * (factor >= 7.5 ? 10 : factor >= 3.5 ? 5 : factor >= 1.5 ? 2 : 1);
}

/** Takes away what binary fractions leave behind: 0.30000000000000004. */
function rounded(value: number): number {
  return Number(value.toPrecision(12));
}
