import { expect, it } from 'vitest';
import { eventBeside } from './met';

it('an event is told where it says more than the form', () => {
  expect(eventBeside('comment', 'comment')).toBe('');
  expect(eventBeside('survey_answer', 'Survey answer')).toBe('');
  expect(eventBeside('reply', 'comment reply')).toBe('comment reply');
  expect(eventBeside('view', '')).toBe('');
});
