import { expect, test } from 'vitest';
import type { Question } from './api';
import { added, drafted, moved, written } from './draft';

const asked: Question[] = [
  { id: 1, kind: 'nps', words: '', many: false, optional: false, removed: false },
  {
    id: 2,
    kind: 'choice',
    words: 'Which?',
    options: [{ words: 'a' }, { words: 'b' }],
    many: true,
    optional: false,
    removed: false,
  },
  { id: 3, kind: 'text', words: '', many: false, optional: true, removed: true },
];

test('what is edited and not changed is sent as it was, without what is asked no more', () => {
  const sent = written(drafted(asked));
  expect(sent.map((one) => [one.id, one.kind, one.many])).toEqual([
    [1, 'nps', false],
    [2, 'choice', true],
  ]);
  expect(sent[1]?.options).toEqual([{ words: 'a' }, { words: 'b' }]);
  expect(Object.keys(sent[0] ?? {})).not.toContain('key');
});

test('blank lines are no options, and a kind without options has none', () => {
  const choice = { ...added('choice'), lines: ' a \n\n b\n' };
  const changed = { ...added('text'), lines: 'left over' };
  expect(written([choice, changed]).map((one) => one.options)).toEqual([[{ words: 'a' }, { words: 'b' }], []]);
});

test('a question moves by one and never beyond the ends', () => {
  expect(moved(['a', 'b', 'c'], 0, 1)).toEqual(['b', 'a', 'c']);
  expect(moved(['a', 'b', 'c'], 2, -1)).toEqual(['a', 'c', 'b']);
  expect(moved(['a', 'b', 'c'], 2, 1)).toEqual(['a', 'b', 'c']);
  expect(moved(['a'], 5, -1)).toEqual(['a']);
});
