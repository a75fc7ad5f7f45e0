import { describe, expect, it } from 'vitest';
import { sampleMap } from '../../../../dev/company.mjs';
import { read } from '../../../app/i18n/language.svelte';
import { cellsOf, pasteEdits, understand } from './paste';

const map = sampleMap();
const stage = read(map.stages[1]?.name);
const segment = read(map.segments[0]?.name);

describe('copied cells', () => {
  it('are split at tabs and line ends, quotes respected', () => {
    expect(cellsOf('a\tb\r\n"c\td"\t"e ""f"""\n\n')).toEqual([
      ['a', 'b'],
      ['c\td', 'e "f"'],
    ]);
    expect(cellsOf('a;b\nc;d')).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
    expect(cellsOf('one')).toEqual([['one']]);
  });
});

describe('a table', () => {
  it('is understood in any order of columns, with and without a head', () => {
    const rows = understand(map, `Stage\tName\tSegment\n${stage}\tGift box\t${segment}\n`);
    expect(rows).toMatchObject([
      {
        name: 'Gift box',
        known: null,
        cells: [{ stage: map.stages[1]?.id, segment: map.segments[0]?.id }],
        unread: [],
      },
    ]);
    expect(understand(map, `Gift box\t${stage}\t←\tphysical\tnobody knows`)).toMatchObject([
      { sketch: { direction: 'inbound', kind: 'physical' }, unread: ['nobody knows'] },
    ]);
  });

  it('knows what is on the map', () => {
    const name = read(map.touchpoints[0]?.name);
    expect(understand(map, `${name}\t${stage}`)[0]?.known).toBe(map.touchpoints[0]?.id);
  });

  it('becomes edits: rows of one name are one touchpoint', () => {
    const edits = pasteEdits(
      map,
      understand(map, `Gift box\t${stage}\t${segment}\nGift box\t${read(map.stages[0]?.name)}\nCafé\n`),
    );
    expect(edits.map((edit) => edit.do)).toEqual(['add_touchpoint', 'place', 'add_touchpoint']);
    const ids = edits.flatMap((edit) => (edit.do === 'add_touchpoint' ? [edit.touchpoint.id] : []));
    expect(ids).toEqual(['gift-box', 'cafe']);
  });
});
