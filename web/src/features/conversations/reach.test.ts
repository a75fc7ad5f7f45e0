import { describe, expect, it } from 'vitest';
import type { Reach } from './api';
import { filesStop, lengthOf, shortMessages, stopOf } from './reach';

const reach = (counted: 'utf16' | 'bytes' | 'sms', more: Partial<Reach> = {}): Reach => ({
  capability: {
    counted,
    text_max: 10,
    files: null,
    buttons: 0,
    button_max: 0,
    window_hours: 24,
    templates: false,
    receipts: false,
  },
  channel: '',
  stopped: false,
  is_off: false,
  templates: [],
  free_until: null,
  ...more,
});

describe('what a channel can carry', () => {
  it('is counted as the server counts', () => {
    for (const [text, expected] of [
      ['', 1],
      ['a'.repeat(160), 1],
      ['a'.repeat(161), 2],
      ['€'.repeat(80), 1],
      ['€'.repeat(81), 2],
      ['я'.repeat(70), 1],
      ['я'.repeat(71), 2],
      ['я'.repeat(135), 3],
      ['😀'.repeat(36), 2],
    ] as const)
      expect(shortMessages(text)).toBe(expected);
    expect([lengthOf(reach('utf16'), 'é😀'), lengthOf(reach('bytes'), 'é😀')]).toEqual([3, 6]);
  });

  it('stops for one reason', () => {
    expect(stopOf(null, 5)).toBe(null);
    expect(stopOf(reach('sms', { is_off: true, stopped: true }), 5)).toBe('off');
    expect(stopOf(reach('sms', { stopped: true, free_until: 4 }), 5)).toBe('stopped');
    expect(stopOf(reach('sms', { free_until: 4 }), 5)).toBe('closed');
    expect(stopOf(reach('sms', { free_until: 6 }), 5)).toBe(null);
  });

  it('takes the files that it can carry, and says why it takes no other', () => {
    const file = (name: string, kind: string, size: number) => ({ id: name, name, kind, size });
    const photo = file('a.jpg', 'image/jpeg', 1);
    const can = { count_max: 1, size_max: 10 << 20, picture_max: 5 << 20, caption_max: 5, pictures_and_pdf_only: true };
    const one = reach('utf16');
    const carries = { ...one, capability: { ...one.capability, files: can } };
    const apart = { ...one, capability: { ...one.capability, files: { ...can, caption_max: 0 } } };
    expect(filesStop(null, 'x', [photo])).toBe(null);
    expect(filesStop(carries, 'short', [photo])).toBe(null);
    expect(filesStop(carries, '', [])).toBe(null);
    for (const [to, text, files, key, most] of [
      [one, '', [photo], 'none', 0],
      [carries, '', [photo, photo], 'many', 1],
      [carries, 'longer', [photo], 'caption', 5],
      [apart, 'x', [photo], 'apart', 0],
      [carries, '', [file('a.zip', 'application/zip', 1)], 'kind', 0],
      [carries, '', [file('b.png', 'image/png', (5 << 20) + 1)], 'large', 5],
      [carries, '', [file('c.pdf', 'application/pdf', (10 << 20) + 1)], 'large', 10],
    ] as const)
      expect(filesStop(to, text, files)).toMatchObject({ key, most });
  });
});
