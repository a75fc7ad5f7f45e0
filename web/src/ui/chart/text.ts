// Finds room for words in a drawing: how wide they are written, where they are cut or broken, and how they keep apart.

/** Tells how wide a text is drawn, in pixels. */
export type Measure = (text: string) => number;

let canvas: CanvasRenderingContext2D | null | undefined;

/**
 * Makes a measure for the fonts of the page, at so many rems. Letters differ too much to count them: Cyrillic ones are
 * wider than Latin ones, bold ones than plain ones.
 */
export function measureOf(rem: number, weight = 400): Measure {
  canvas ??= document.createElement('canvas').getContext('2d');
  const size = rem * Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
  const font = `${weight} ${size}px ${getComputedStyle(document.body).fontFamily}`;
  return (text) => {
    if (!canvas) return text.length * size * 0.65;
    canvas.font = font;
    return canvas.measureText(text).width;
  };
}

/** Cuts a text to a width; what does not fit ends in an ellipsis, and where nothing fits there is nothing. */
export function cutTo(text: string, width: number, measure: Measure): string {
  if (measure(text) <= width) return text;
  const letters = [...text];
  while (letters.length > 0) {
    letters.pop();
    const cut = `${letters.join('').trimEnd()}…`;
    if (letters.length > 0 && measure(cut) <= width) return cut;
  }
  return '';
}

/** Breaks a text between words into at most so many lines of a width; the last one is cut where it does not fit. */
export function wrapTo(text: string, width: number, lines: number, measure: Measure): string[] {
  const words = text.trim().split(/\s+/).filter(Boolean);
  const found: string[] = [];
  while (words.length > 0) {
    if (found.length === lines - 1) {
      found.push(cutTo(words.join(' '), width, measure));
      break;
    }
    let line = words.shift() ?? '';
    while (words.length > 0 && measure(`${line} ${words[0]}`) <= width) line += ` ${words.shift()}`;
    found.push(cutTo(line, width, measure));
  }
  return found.filter(Boolean);
}

/**
 * Moves what wants to stand at places along a line apart, so that nothing lies on another and all stays between two
 * ends. Returns where each begins, in the order given.
 */
export function spread(wanted: readonly { at: number; length: number }[], from: number, to: number): number[] {
  const placed = wanted.map(({ at, length }) => ({ start: at - length / 2, length }));
  const ordered = placed.toSorted((a, b) => a.start + a.length / 2 - b.start - b.length / 2);
  let end = from;
  for (const one of ordered) {
    one.start = Math.max(one.start, end);
    end = one.start + one.length;
  }
  let start = to;
  for (const one of ordered.toReversed()) {
    one.start = Math.min(one.start, start - one.length);
    start = one.start;
  }
  return placed.map((one) => one.start);
}

/** Leaves out, of words written around places from left to right, those that would touch the one before. */
export function apart<One>(all: readonly One[], at: (one: One) => number, width: (one: One) => number, gap = 8): One[] {
  let end = -Infinity;
  return all.filter((one) => {
    if (at(one) - width(one) / 2 < end + gap) return false;
    end = at(one) + width(one) / 2;
    return true;
  });
}
