import { describe, expect, it } from 'vitest';
import { cameBy, namesIn } from './called';

const known = (namespace: string | null, value: string | null) => ({ actor: '1', namespace, value });
const comment = known('anonymous', 'comment-0002');

describe('namesIn', () => {
  it('leaves out numbers that we gave, and texts that are gone', () => {
    expect(namesIn([known('email', 'a@example.org'), comment, known(null, null), known('device', 'd-1')])).toEqual([
      'a@example.org',
      'd-1',
    ]);
    expect(namesIn([comment, known('anonymous_id', 'v1')])).toEqual([]);
  });
});

describe('cameBy', () => {
  it('is told by the number', () => {
    expect(cameBy([known('anonymous', 'v1'), comment])).toBe('comment');
    expect(cameBy([known('anonymous', 'review-1')])).toBe('review');
    expect(cameBy([known('anonymous', 'survey-1')])).toBe('survey_answer');
  });

  it('stays open where it is not', () => {
    expect(cameBy([])).toBeUndefined();
    expect(cameBy([known('anonymous', 'comment'), known('anonymous', 'constructor-1')])).toBeUndefined();
    expect(cameBy([known('customer', 'comment-1'), known('anonymous', null)])).toBeUndefined();
  });
});
