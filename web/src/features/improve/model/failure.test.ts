import { describe, expect, it } from 'vitest';
import { Problem } from '../../../app/api/client';
import { failureOf } from './failure';

describe('a failure', () => {
  it('says what the server told, as sentences', () => {
    const told = new Problem(400, 'The trial says nothing', 'nobody was in a stage', 'Choose another stage.');
    expect(failureOf(told)).toBe('The trial says nothing. nobody was in a stage. Choose another stage.');
    expect(failureOf(new Problem(404, 'There is no map yet'))).toBe('There is no map yet.');
  });

  it('says something where nothing was told', () => {
    expect(failureOf(new Problem(0))).toMatch(/^This could not be loaded\. The server cannot be reached\./);
    expect(failureOf(new Problem(502))).toBe('This could not be loaded.');
    expect(failureOf(new TypeError('no number'))).toContain('no number');
  });
});
