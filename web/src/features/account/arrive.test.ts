import { describe, expect, it } from 'vitest';
import { tokenOf } from './arrive';

describe('one-time link', () => {
  it('carries its token in the fragment', () => {
    expect(tokenOf('#token=abc123')).toBe('abc123');
    expect(tokenOf('#a=1&token=x')).toBe('x');
    for (const none of ['', '#', '#token=', '#tokens=1']) expect(tokenOf(none), none).toBeNull();
  });
});
