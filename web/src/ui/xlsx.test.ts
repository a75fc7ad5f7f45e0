import { describe, expect, it } from 'vitest';
import { checksum, columnName, writeXlsx } from './xlsx';

/** Reads a ZIP the way others do: from its index at the end. */
function unpacked(bytes: Uint8Array): Map<string, string> {
  const view = new DataView(bytes.buffer);
  const end = bytes.length - 22;
  expect(view.getUint32(end, true)).toBe(0x06054b50);
  const files = new Map<string, string>();
  let at = view.getUint32(end + 16, true);
  for (let file = 0; file < view.getUint16(end + 10, true); file++) {
    expect(view.getUint32(at, true)).toBe(0x02014b50);
    const [sum, size, named] = [
      view.getUint32(at + 16, true),
      view.getUint32(at + 24, true),
      view.getUint16(at + 28, true),
    ];
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + named));
    const local = view.getUint32(at + 42, true);
    const from = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    const content = bytes.subarray(from, from + size);
    expect(checksum(content)).toBe(sum);
    files.set(name, new TextDecoder().decode(content));
    at += 46 + named;
  }
  return files;
}

describe('workbooks', () => {
  it('know the checksum that everybody else computes', () => {
    expect(checksum(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  });

  it('keep numbers as numbers, and texts as texts whatever they look like', () => {
    const files = unpacked(
      writeXlsx('Channels', [
        ['Channel', 'People'],
        ['=cmd() & "Ко"', 12.5],
        ['–', null],
      ]),
    );
    expect([...files.keys()]).toContain('[Content_Types].xml');
    const sheet = files.get('xl/worksheets/sheet1.xml') ?? '';
    expect(sheet).toContain('<c r="B2"><v>12.5</v></c>');
    expect(sheet).toContain('>=cmd() &amp; &quot;Ко&quot;</t>');
    expect(sheet).not.toContain('<f>');
    expect(sheet).not.toContain('r="B3"');
  });

  it('name columns beyond Z, and sheets without forbidden signs', () => {
    expect([0, 25, 26, 701, 702].map(columnName)).toEqual(['A', 'Z', 'AA', 'ZZ', 'AAA']);
    const book = unpacked(writeXlsx('a/b: c?*[d]', [['x']])).get('xl/workbook.xml') ?? '';
    expect(/<sheet name="([^"]*)"/.exec(book)?.[1]).toBe('a b  c   d');
  });
});
