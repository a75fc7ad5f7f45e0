import { describe, expect, it } from 'vitest';
import type { FlowAnswer } from './api';
import { labelOf, layOut, share } from './sankey';

const flows = {
  people: 10,
  layers: [
    {
      nodes: [
        { node: '(other)', people: 2 },
        { node: 'ads', people: 5 },
        { node: 'mail', people: 3 },
      ],
      links: [
        { from: 'ads', to: 'page', people: 4 },
        { from: 'ads', to: '(end)', people: 1 },
        { from: 'mail', to: 'page', people: 3 },
        { from: '(other)', to: '(end)', people: 2 },
      ],
    },
    {
      nodes: [
        { node: '(end)', people: 3 },
        { node: 'page', people: 7 },
      ],
      links: [],
    },
  ],
} as unknown as FlowAnswer;

describe('the layers', () => {
  const { nodes, streams } = layOut(flows, { width: 300, height: 112 }, 6);

  it('are as high as they have people, with what is gathered at the foot', () => {
    expect(nodes.map((node) => [node.name, node.height, node.y])).toEqual([
      ['ads', 50, 0],
      ['mail', 30, 56],
      ['(other)', 20, 92],
      ['page', 70, 0],
      ['(end)', 30, 76],
    ]);
  });

  it('lose nobody on the way', () => {
    for (const layer of [0, 1]) {
      const people = nodes.filter((node) => node.layer === layer).map((node) => node.people);
      expect(people.reduce((sum, one) => sum + one, 0)).toBe(flows.people);
    }
    expect(streams.reduce((sum, stream) => sum + stream.people, 0)).toBe(flows.people);
  });

  it('stand still where there is nobody', () => {
    const empty = layOut({ people: 0, layers: [] } as unknown as FlowAnswer, { width: 300, height: 100 }, 6);
    expect(empty).toEqual({ nodes: [], streams: [] });
  });
});

describe('what is written beside a node', () => {
  const ten = (text: string) => text.length * 10;
  const measure = { name: ten, people: ten };
  const label = (height: number, room: number) =>
    labelOf({ name: 'Home page', people: '4,027', height }, room, measure);

  it('has the same room in every column', () => {
    for (const [width, columns] of [
      [300, 3],
      [900, 4],
      [1300, 6],
      [300, 1],
    ] as const) {
      const { drawing, step, room } = share(width, columns);
      expect(drawing + 5 + room).toBeCloseTo(width);
      if (columns > 1) expect(step).toBeCloseTo(14 + 5 + room + 5);
    }
  });

  it('never cuts the number', () => {
    expect(label(20, 200)).toEqual({ lines: ['Home page'], isApart: false });
    expect(label(20, 120)).toEqual({ lines: ['Home…'], isApart: false });
    expect(label(20, 60)).toEqual({ lines: [''], isApart: false });
    expect(label(28, 100)).toEqual({ lines: ['Home page'], isApart: true });
    expect(label(28, 60)).toEqual({ lines: ['Home…'], isApart: true });
    expect(label(60, 60)).toEqual({ lines: ['Home', 'page'], isApart: true });
    expect(label(10, 200)).toBeNull();
  });
});
