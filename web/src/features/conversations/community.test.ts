import { expect, test } from 'vitest';
import { sorted, waiting } from './community';

const question = (id: string, state: string, ...answers: string[]) => ({
  id,
  state,
  answers: answers.map((one) => ({ state: one })),
});

test('a question waits while it or an answer to it waits, whatever else is public', () => {
  const groups = sorted([
    question('public', 'published', 'published', 'refused'),
    question('new', 'waiting'),
    question('answered', 'published', 'published', 'waiting'),
    question('gone', 'refused', 'published'),
    question('silent', 'published'),
  ]);
  expect(groups.waits.map((one) => one.id)).toEqual(['new', 'answered']);
  expect(groups.published.map((one) => one.id)).toEqual(['public', 'silent']);
  expect(groups.refused.map((one) => one.id)).toEqual(['gone']);
});

test('what waits is counted with the question itself', () => {
  expect(waiting(question('new', 'waiting', 'waiting', 'published'))).toBe(2);
  expect(waiting(question('public', 'published'))).toBe(0);
});
