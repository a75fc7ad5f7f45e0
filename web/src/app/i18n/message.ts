// Reads and fills the sentences of the catalogues. A sentence may hold values with a format, and plural forms:
//
//     "{people, plural, one {# person} other {# people}} cost {waste, money}"
//
// This is the small part of ICU's message syntax that the product needs. Whole sentences are translated, never
// glued from parts, so every language keeps its own order of words.

/** A value to be put into a sentence. */
export type Values = Readonly<Record<string, string | number>>;

/** How a number is written: `points` with its sign, `distance` without; `text` is a word or name as it stands. */
export type Format = 'text' | 'number' | 'decimal' | 'percent' | 'points' | 'distance' | 'money';

/** Writes numbers and picks plural forms in one language. */
export interface Writer {
  write(value: number, format: Exclude<Format, 'text'>): string;
  plural(value: number): Intl.LDMLPluralRule;
}

type Part = string | { name: string; format: Format } | { name: string; forms: Map<string, Part[]> };

const formats: readonly Format[] = ['text', 'number', 'decimal', 'percent', 'points', 'distance', 'money'];
const parsed = new Map<string, Part[]>();

/** Fills a sentence. A value that is missing is written as an en dash: unknown is not nought. */
export function fill(sentence: string, values: Values, writer: Writer): string {
  let parts = parsed.get(sentence);
  if (!parts) parsed.set(sentence, (parts = parse(sentence)));
  return render(parts, values, writer, null);
}

/** Lists the values that a sentence needs, with their formats, sorted: two translations must need the same. */
export function needs(sentence: string): string[] {
  const found = new Set<string>();
  const walk = (parts: readonly Part[]) => {
    for (const part of parts) {
      if (typeof part === 'string') continue;
      if ('format' in part) found.add(`${part.name}:${part.format}`);
      else {
        found.add(`${part.name}:plural`);
        for (const form of part.forms.values()) walk(form);
      }
    }
  };
  walk(parse(sentence));
  return [...found].sort();
}

/** Lists the plural forms of each plural value in a sentence. */
export function pluralForms(sentence: string): string[][] {
  return parse(sentence).flatMap((part) =>
    typeof part !== 'string' && 'forms' in part ? [[...part.forms.keys()]] : [],
  );
}

/** Writes the parts; `count` is what `#` stands for inside a plural form, and outside of one `#` is a plain sign. */
function render(parts: readonly Part[], values: Values, writer: Writer, count: string | null): string {
  return parts
    .map((part) => {
      if (typeof part === 'string') return count === null ? part : part.replaceAll('#', count);
      const value = values[part.name];
      if ('format' in part) {
        if (value === undefined) return '–';
        if (typeof value === 'string') return value;
        return writer.write(value, part.format === 'text' ? 'number' : part.format);
      }
      const number = typeof value === 'number' ? value : 0;
      const form = part.forms.get(writer.plural(number)) ?? part.forms.get('other') ?? [];
      return render(form, values, writer, writer.write(number, 'number'));
    })
    .join('');
}

/** Parses a sentence; throws on a mistake in it, which a test of all catalogues finds. */
export function parse(sentence: string): Part[] {
  const [parts, end] = parseUntil(sentence, 0);
  if (end < sentence.length) throw new Error(`a closing brace too many in: ${sentence}`);
  return parts;
}

function parseUntil(text: string, start: number): [Part[], number] {
  const parts: Part[] = [];
  let at = start;
  while (at < text.length && text[at] !== '}') {
    if (text[at] === '{') {
      const [part, next] = parseValue(text, at + 1);
      parts.push(part);
      at = next;
    } else {
      const end = text.slice(at).search(/[{}]/);
      const stop = end < 0 ? text.length : at + end;
      parts.push(text.slice(at, stop));
      at = stop;
    }
  }
  return [parts, at];
}

function parseValue(text: string, start: number): [Part, number] {
  const head = /^\s*(\w+)\s*(?:,\s*(\w+)\s*)?([,}])/.exec(text.slice(start));
  if (!head?.[1]) throw new Error(`not a value at ${start} in: ${text}`);
  const [whole, name, format = 'text', sign] = head;
  const at = start + whole.length;
  if (sign === '}') {
    if (!formats.includes(format as Format)) throw new Error(`no format ${format} in: ${text}`);
    return [{ name, format: format as Format }, at];
  }
  if (format !== 'plural') throw new Error(`only plural has forms, in: ${text}`);
  return parseForms(text, at, name);
}

function parseForms(text: string, start: number, name: string): [Part, number] {
  const forms = new Map<string, Part[]>();
  let at = start;
  for (;;) {
    const head = /^\s*(\w+)\s*\{/.exec(text.slice(at));
    if (!head?.[1]) break;
    const [parts, end] = parseUntil(text, at + head[0].length);
    forms.set(head[1], parts);
    at = end + 1;
  }
  const close = /^\s*\}/.exec(text.slice(at));
  if (!close || !forms.has('other'))
    throw new Error(`plural ${name} is not closed or has no form "other", in: ${text}`);
  return [{ name, forms }, at + close[0].length];
}
