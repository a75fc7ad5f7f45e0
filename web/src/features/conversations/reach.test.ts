import { describe, expect, it } from 'vitest';
import type { Reach } from './api';
import { lengthOf, shortMessages, stopOf } from './reach';

const reach = (counted: 'utf16' | 'bytes' | 'sms', more: Partial<Reach> = {}): Reach => ({
  capability: {
    counted,
    text_max: 10,
    attachments: false,
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
});
