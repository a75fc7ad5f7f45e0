import { describe, expect, it } from 'vitest';
import { sampleMap, sampleReport } from '../../../../dev/company.mjs';
import { writeCsv } from '../../../ui/csv';
import { tableOf } from './csv';

const toCsv = (...of: Parameters<typeof tableOf>) => writeCsv(tableOf(...of));

describe('the table of touchpoints', () => {
  const map = sampleMap();
  const lines = toCsv(map, sampleReport()).split('\r\n');

  it('has a line for each touchpoint under one header', () => {
    expect(lines).toHaveLength(1 + 28 + 1);
    const width = lines[0]?.split(',').length;
    for (const line of lines.slice(1, -1)) expect(line.split(',')).toHaveLength(width ?? 0);
    expect(lines[1]).toMatch(/^online-ad,Online advertisement,advertising,awareness,wasted,M24\.5\/M11,9120,/);
  });

  it('writes amounts in major units', () => expect(lines[1]?.split(',')).toContain('12400'));

  it('quotes separators and disarms formulas', () => {
    const [first] = map.touchpoints;
    if (!first) throw new Error('the sample has touchpoints');
    const name = (text: string) =>
      toCsv({ ...map, touchpoints: [{ ...first, name: text }] }, sampleReport()).split('\r\n')[1];
    expect(name('a "b", c')).toContain('"a ""b"", c"');
    expect(name('=cmd()')).toContain(",'=cmd(),");
  });
});
