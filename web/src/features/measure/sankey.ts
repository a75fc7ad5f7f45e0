// Places the layers of a Sankey diagram: heights are people, every layer sums to the same people, and nobody is lost.
import { cutTo, wrapTo, type Measure } from '../../ui/chart/text';
import type { FlowAnswer } from './api';

/** A node in its place. */
export interface Node {
  key: string;
  layer: number;
  name: string;
  people: number;
  x: number;
  y: number;
  height: number;
}

/** A stream of people from one layer to the next. */
export interface Stream {
  from: Node;
  to: Node;
  people: number;
  path: string;
}

/** The nodes that stand last and are drawn grey: gathered touchpoints, and people who went no further. */
export const quiet = ['(other)', '(end)'];

/** The width of a node, and the gap between it and what is written beside it. */
const bar = 14;
const gapBeside = 5;
/** The height of a line of what is written. */
export const lineHeight = 14;

/** Shares a width among columns so that beside each node, the last ones too, there is the same room to write in. */
export function share(width: number, columns: number): { drawing: number; step: number; room: number } {
  const room = (width - columns * (bar + 2 * gapBeside) + gapBeside) / columns;
  const drawing = width - room - gapBeside;
  return { drawing, step: columns > 1 ? (drawing - bar) / (columns - 1) : 0, room };
}

/** What is written beside a node: its name in lines, and its people behind the last one or on a line of their own. */
export interface Label {
  lines: string[];
  isApart: boolean;
}

/**
 * Writes beside a node what there is room for. The number is always whole: a cut one would be read as another. Names and
 * numbers are measured as they are drawn; `null` where the node is too low for a line.
 */
export function labelOf(
  node: { name: string; people: string; height: number },
  room: number,
  measure: { name: Measure; people: Measure },
): Label | null {
  const rows = Math.floor((node.height + 1) / lineHeight);
  if (rows < 1) return null;
  const rest = room - measure.people(node.people) - measure.name('\u00a0');
  if (rows === 1 || measure.name(node.name) <= rest)
    return { lines: [cutTo(node.name, rest, measure.name)], isApart: false };
  return { lines: wrapTo(node.name, room, Math.min(2, rows - 1), measure.name), isApart: true };
}

/** Lays out the first `count` layers on a drawing. */
export function layOut(flows: FlowAnswer, size: { width: number; height: number }, count: number, node = bar) {
  const layers = flows.layers.slice(0, count);
  const gap = 6;
  const most = Math.max(1, ...layers.map((layer) => layer.nodes.length));
  const unit = flows.people > 0 ? (size.height - gap * (most - 1)) / flows.people : 0;
  const step = layers.length > 1 ? (size.width - node) / (layers.length - 1) : 0;
  const rank = (name: string) => quiet.indexOf(name);
  const nodes: Node[] = layers.flatMap((layer, index) => {
    let y = 0;
    const ordered = layer.nodes.toSorted((a, b) => rank(a.node) - rank(b.node) || b.people - a.people);
    return ordered.map((one) => {
      const height = one.people * unit;
      const placed = {
        key: `${index}:${one.node}`,
        layer: index,
        name: one.node,
        people: one.people,
        x: index * step,
        y,
        height,
      };
      y += height + gap;
      return placed;
    });
  });
  const find = new Map(nodes.map((one) => [one.key, one]));
  const out = new Map<string, number>();
  const into = new Map<string, number>();
  const taken = (from: Map<string, number>, key: string, height: number) => {
    const before = from.get(key) ?? 0;
    from.set(key, before + height);
    return before;
  };
  const streams: Stream[] = layers.slice(0, -1).flatMap((layer, index) =>
    layer.links
      .map((link) => ({
        from: find.get(`${index}:${link.from}`),
        to: find.get(`${index + 1}:${link.to}`),
        people: link.people,
      }))
      .filter(
        (link): link is { from: Node; to: Node; people: number } => link.from !== undefined && link.to !== undefined,
      )
      .toSorted((a, b) => a.from.y - b.from.y || a.to.y - b.to.y)
      .map(({ from, to, people }) => {
        const height = people * unit;
        const y0 = from.y + taken(out, from.key, height);
        const y1 = to.y + taken(into, to.key, height);
        const [x0, x1] = [from.x + node, to.x];
        const middle = (x0 + x1) / 2;
        const r = (value: number) => value.toFixed(1);
        const path =
          `M${r(x0)} ${r(y0)}C${r(middle)} ${r(y0)} ${r(middle)} ${r(y1)} ${r(x1)} ${r(y1)}` +
          `V${r(y1 + height)}C${r(middle)} ${r(y1 + height)} ${r(middle)} ${r(y0 + height)} ${r(x0)} ${r(y0 + height)}Z`;
        return { from, to, people, path };
      }),
  );
  return { nodes, streams };
}
