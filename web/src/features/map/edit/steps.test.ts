import { describe, expect, it } from 'vitest';
import { sampleMap } from '../../../../dev/company.mjs';
import type { Touchpoint } from '../../../app/api/types';
import type { Offers } from './api';
import { addOffer, addSketch, cellOf, idOf, move, settle, takeOut, weigh, writeText } from './steps';

const map = sampleMap();
const at = (cells: Touchpoint['cells']): Touchpoint => ({ ...(map.touchpoints[0] as Touchpoint), id: 'x', cells });

describe('ids', () => {
  it('are made of names in any language, and never twice', () => {
    expect(idOf('Gift box, large!', new Set())).toBe('gift-box-large');
    expect(idOf('Crème brûlée', new Set())).toBe('creme-brulee');
    expect(idOf('Щётка для чайника', new Set())).toBe('shchetka-dlya-chaynika');
    expect(idOf('!!!', new Set())).toBe('touchpoint');
    expect(idOf('Box', new Set(['box', 'box-2']))).toBe('box-3');
  });
});

describe('texts', () => {
  it('are written in one language and keep the others', () => {
    expect(writeText({ en: 'Box', fr: 'Boîte' }, 'fr', 'Caisse')).toEqual({ en: 'Box', fr: 'Caisse' });
    expect(writeText('Box', 'fr', 'Caisse')).toEqual({ en: 'Box', fr: 'Caisse' });
    expect(writeText('Box', 'en', 'Case')).toBe('Case');
    expect(writeText(null, 'ru', 'Ящик')).toBe('Ящик');
  });
});

describe('moving', () => {
  const from = { segment: 'new', stage: 'awareness' };
  const to = { segment: 'repeat', stage: 'loyalty' };

  it('goes from cell to cell', () => {
    const start = { segment: 'new', stage: 'awareness' };
    expect(move(at([start]), from, to)).toEqual([{ do: 'move', touchpoint: 'x', from: start, to }]);
  });

  it('keeps a touchpoint of every row in every row', () => {
    const start = { stage: 'awareness' };
    expect(move(at([start]), from, to)).toEqual([
      { do: 'move', touchpoint: 'x', from: start, to: { stage: 'loyalty' } },
    ]);
    expect(move(at([start]), from, { segment: 'repeat', stage: 'awareness' })).toEqual([]);
  });

  it('places what was only observed', () => {
    expect(move(at([]), from, to)).toEqual([{ do: 'place', touchpoint: 'x', cell: to }]);
  });

  it('settles in the cells that are wanted and leaves the others', () => {
    const edits = settle(at([{ stage: 'awareness' }, { segment: 'new', stage: 'loyalty' }]), [
      { stage: 'awareness' },
      { segment: 'first', stage: 'loyalty' },
    ]);
    expect(edits).toEqual([
      { do: 'place', touchpoint: 'x', cell: { segment: 'first', stage: 'loyalty' } },
      { do: 'unplace', touchpoint: 'x', cell: { segment: 'new', stage: 'loyalty' } },
    ]);
  });

  it('takes out of one row and stays in the others', () => {
    const edits = takeOut(map, at([{ stage: 'awareness' }]), 'new', 'awareness');
    const placed = edits.flatMap((edit) => (edit.do === 'place' ? [edit.cell.segment] : []));
    expect(placed.sort()).toEqual(['first', 'repeat']);
    expect(edits.at(-1)).toEqual({ do: 'unplace', touchpoint: 'x', cell: { stage: 'awareness' } });
    expect(takeOut(map, at([]), 'new', 'awareness')).toEqual([]);
  });

  it('finds the cell of a row before the one of every row', () => {
    const own = { segment: 'new', stage: 'awareness' };
    expect(cellOf(at([{ stage: 'awareness' }, own]), 'new', 'awareness')).toEqual(own);
  });
});

describe('adding', () => {
  it('brings the channel of the catalogue along where the map lacks it', () => {
    const offers = {
      touchpoints: [
        {
          id: '99',
          name: 'Kiosk',
          channel: 'kiosk',
          kind: 'digital',
          class: 'customer',
          direction: 'two_way',
          stages: [],
        },
      ],
      channels: [{ id: 'kiosk', name: 'Kiosks', group: 'retail', life: 'live' }],
    } as unknown as Offers;
    const [offer] = offers.touchpoints;
    if (!offer) throw new Error('there is one');
    const { edits } = addOffer(map, offers, offer, [{ stage: 'awareness' }]);
    expect(edits.map((edit) => edit.do)).toEqual(['add_channel', 'add_touchpoint']);
  });

  it('makes what was typed a planned touchpoint that need not be heard of', () => {
    const { id, edits } = addSketch(map, { name: ' Gift box ' }, [{ stage: 'loyalty' }]);
    expect(id).toBe('gift-box');
    expect(edits[0]).toMatchObject({
      touchpoint: { name: 'Gift box', primary_stage: 'loyalty', life: 'planned', emits: false },
    });
  });
});

describe('weights', () => {
  it('always sum to 1, in whole per cents, and the others keep their proportion', () => {
    let seed = 7;
    const random = (below: number) => (seed = (seed * 1103515245 + 12345) % 2147483648) % below;
    let weights: Record<string, number> = { a: 0.4, b: 0.2, c: 0.2, d: 0.2 };
    for (let round = 0; round < 200; round++) {
      const id = 'abcd'.charAt(random(4));
      const percent = random(101);
      weights = weigh(weights, id, percent);
      const whole = Object.values(weights).map((weight) => Math.round(weight * 100));
      expect(whole.reduce((sum, weight) => sum + weight, 0)).toBe(100);
      expect(whole.every((weight) => weight >= 0)).toBe(true);
      expect(weights[id]).toBe(percent / 100);
    }
    expect(weigh({ a: 0.4, b: 0.4, c: 0.2 }, 'a', 10)).toEqual({ a: 0.1, b: 0.6, c: 0.3 });
  });
});
