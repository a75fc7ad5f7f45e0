import { expect, test } from 'vitest';
import { clip, said } from './answers';
import type { Survey, SurveyAnswer } from './api';

const question = (id: number, kind: string, words: string[] = []) => ({
  id,
  kind,
  options: words.map((one) => ({ words: one })),
});
const survey = {
  questions: [
    question(2, 'nps'),
    question(1, 'choice', ['a', 'b']),
    question(3, 'text'),
    question(4, 'recall', ['Poster']),
  ],
} as unknown as Survey;
const part = (of: number, at: number, value: number, text: string | null = '') => ({
  question: of,
  part: at,
  value,
  text,
});

test('an answer is written in the order of the questions', () => {
  const given = [part(1, 0, 1), part(1, 1, 1), part(2, 0, 9), part(3, 0, 0, 'Well.'), part(4, -1, 1)];
  expect(said({ given } as SurveyAnswer, survey, 'none')).toBe('9 · a, b · Well. · none');
});

test('what is not known any more is shown as far as it is', () => {
  const given = [part(9, 0, 4), part(3, 0, 0, null)];
  expect(said({ given } as SurveyAnswer, survey, 'none')).toBe('… · 4');
  expect(said({ given } as SurveyAnswer, undefined, 'none')).toBe('4 · 0');
});

test('a long answer is clipped, and a sign of two units is not torn', () => {
  expect(clip('short', 5)).toBe('short');
  expect(clip('longer', 5)).toBe('long…');
  expect(clip('😀😀😀', 2)).toBe('😀…');
});
