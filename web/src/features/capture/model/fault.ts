// Finds where a refused event is at fault, so that an editor can point at it: where its JSON breaks off, or the key that
// the reason of the refusal names.

/** Is a place in a text: line and column from 1, and from where to where. */
export interface Fault {
  line: number;
  column: number;
  from: number;
  to: number;
  /** Whether it is no JSON at all. */
  isBroken: boolean;
}

/** Finds the fault of a text; null where nothing points at a place. */
export function faultOf(text: string, names: readonly string[]): Fault | null {
  const broken = breakOf(text);
  if (broken !== null)
    return { ...lineOf(text, broken), from: broken, to: Math.min(text.length, broken + 1), isBroken: true };
  for (const name of names) {
    const key = name.split('.').at(-1) ?? '';
    const found = text.indexOf(`"${key}"`);
    if (key !== '' && found >= 0)
      return { ...lineOf(text, found), from: found, to: found + key.length + 2, isBroken: false };
  }
  return null;
}

/** Returns the place at which a text stops being JSON; null where it is JSON. Browsers word their errors differently, so it
 * is looked for here. */
export function breakOf(text: string): number | null {
  try {
    JSON.parse(text);
    return null;
  } catch {
    return scan(text);
  }
}

/** Reads values one by one, and returns where the first mistake is. */
function scan(text: string): number {
  let at = 0;
  const space = () => {
    while (/[ \t\r\n]/.test(text[at] ?? '')) at++;
  };
  const fail = (): never => {
    throw at;
  };
  const string = () => {
    const found = /^"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/.exec(text.slice(at));
    if (!found) {
      const upTo = /^"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/.exec(text.slice(at));
      at += upTo?.[0].length ?? 0;
      return fail();
    }
    at += found[0].length;
  };
  const list = (close: string, one: () => void) => {
    at++;
    space();
    if (text[at] === close) return void at++;
    for (;;) {
      one();
      space();
      if (text[at] === close) return void at++;
      if (text[at] !== ',') fail();
      at++;
      space();
    }
  };
  const value = (): void => {
    space();
    if (text[at] === '{')
      return list('}', () => {
        string();
        space();
        if (text[at] !== ':') fail();
        at++;
        value();
      });
    if (text[at] === '[') return list(']', value);
    if (text[at] === '"') return string();
    const plain = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)/.exec(text.slice(at));
    if (!plain) fail();
    at += plain?.[0].length ?? 0;
  };
  try {
    value();
    space();
    return Math.min(at, text.length);
  } catch (error) {
    if (typeof error === 'number') return Math.min(error, text.length);
    return 0; // Deeper than a browser can follow.
  }
}

function lineOf(text: string, at: number): { line: number; column: number } {
  const before = text.slice(0, at);
  return { line: before.split('\n').length, column: at - before.lastIndexOf('\n') };
}
