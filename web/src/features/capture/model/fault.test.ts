import { describe, expect, it } from 'vitest';
import { breakOf, faultOf } from './fault';

function check(text: string, expected: number | null) {
  expect(breakOf(text), text).toBe(expected);
}

describe('breakOf', () => {
  it('points at the first mistake', () => {
    check('{"a":1}', null);
    check('{"a":1,}', 7);
    check("{'a':1}", 1);
    check('{"a" 1}', 5);
    check('{"a":[1,2}', 9);
    check('{"a":"b\nc"}', 7);
    check('{"a":tru}', 5);
    check('{"a":1} x', 8);
    check('', 0);
    check('{"a":{"b":[', 11);
  });

  it('survives whatever it is given', () => {
    for (const text of ['['.repeat(100_000), '"\\', '{"a":"\\u12"}', '\u0000']) {
      const found = breakOf(text);
      expect(found === null || (found >= 0 && found <= text.length)).toBe(true);
    }
  });
});

describe('faultOf', () => {
  it('points at the key that the reason names', () => {
    const text = '{\n  "event": "",\n  "properties": {"revenue": "x"}\n}';
    expect(faultOf(text, ['properties.revenue'])).toMatchObject({
      line: 3,
      column: 18,
      isBroken: false,
    });
    expect(faultOf(text, ['userId'])).toBeNull();
    expect(faultOf('{', [])).toMatchObject({ line: 1, column: 2, isBroken: true });
  });
});
