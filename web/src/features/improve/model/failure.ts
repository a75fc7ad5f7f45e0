// Says in one line what failed, why, and what to do.
import { Problem } from '../../../app/api/client';
import { say } from '../../../app/words';

/** Says a failure; never empty, also where the server did not answer and therefore told nothing. */
export function failureOf(error: unknown): string {
  if (!(error instanceof Problem)) return String(error);
  const { status, what, because, hint } = error;
  const parts = [
    what || say('problem.title'),
    because || (status === 0 ? say('problem.offline') : ''),
    hint || (status === 0 ? say('problem.hint') : ''),
  ];
  return parts
    .filter((part) => part !== '')
    .map((part) => (/[.!?…]$/.test(part) ? part : `${part}.`))
    .join(' ');
}
