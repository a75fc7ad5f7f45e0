// Questions of the community, sorted by what staff have to do with them.
import type { CommunityQuestion } from './api';

type Group = 'waits' | 'published' | 'refused';

/** Sorts questions: one waits while it or any answer to it waits to be looked at. Each group keeps its order. */
export function sorted<Question extends Pick<CommunityQuestion, 'state'> & { answers: { state: string }[] }>(
  questions: readonly Question[],
): Record<Group, Question[]> {
  const groups: Record<Group, Question[]> = { waits: [], published: [], refused: [] };
  for (const question of questions) {
    if (waiting(question) > 0) groups.waits.push(question);
    else groups[question.state === 'refused' ? 'refused' : 'published'].push(question);
  }
  return groups;
}

/** Counts what waits to be looked at: the question itself and its answers. */
export const waiting = (question: { state: string; answers: readonly { state: string }[] }): number =>
  [question, ...question.answers].filter((one) => one.state === 'waiting').length;
