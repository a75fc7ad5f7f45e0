import { describe, expect, it } from 'vitest';
import type { FlowAnswer } from './api';
import { layOut } from './sankey';

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
