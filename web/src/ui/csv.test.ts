import { describe, expect, it } from 'vitest';
import { writeCsv } from './csv';

describe('tables for spreadsheets', () => {
  it('quote what needs it and leave numbers alone', () => {
    expect(writeCsv([['a,b', 'say "hi"', -1.5, null, 'two\nlines']])).toBe('"a,b","say ""hi""",-1.5,,"two\nlines"\r\n');
  });
  it('hold no formula that somebody has smuggled in', () => {
    for (const sign of ['=', '+', '-', '@']) expect(writeCsv([[`${sign}cmd()`]])).toBe(`'${sign}cmd()\r\n`);
  });
});
