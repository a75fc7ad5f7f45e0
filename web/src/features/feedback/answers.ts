// What somebody answered, in a line.
import type { Survey, SurveyAnswer } from './api';

/** Writes an answer: numbers as given, chosen options by their words, texts as they are. */
export function said(answer: SurveyAnswer, survey: Survey | undefined, none: string): string {
  const questions = new Map(survey?.questions.map((question) => [question.id, question]) ?? []);
  const byQuestion = new Map<number, string[]>();
  for (const part of answer.given) {
    const question = questions.get(part.question);
    const isOption = question?.kind === 'choice' || question?.kind === 'recall';
    const option = part.part < 0 ? none : (question?.options?.[part.part]?.words ?? String(part.part + 1));
    const text = question?.kind === 'text' ? (part.text ?? '…') : isOption ? option : String(part.value);
    byQuestion.set(part.question, [...(byQuestion.get(part.question) ?? []), text]);
  }
  const order = survey?.questions.map((question) => question.id) ?? [];
  const place = (question: number) => (order.includes(question) ? order.indexOf(question) : order.length);
  return [...byQuestion]
    .sort(([one], [other]) => place(one) - place(other))
    .map(([, parts]) => parts.join(', '))
    .join(' · ');
}

/** Shortens a text to so many signs, for where it only says which one is meant. */
export function clip(text: string, most: number): string {
  const signs = [...text];
  return signs.length > most ? `${signs.slice(0, most - 1).join('')}…` : text;
}
