// Every key that the server may send has its sentence, and each sentence only asks for numbers that come with it. The
// keys are those of docs/improve.md, which server, command line and browser share.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { needs } from '../../../app/i18n/message';
import { sampleReport } from '../../../../dev/company.mjs';
import en from '../words/en';
import { actionOf, figureNameOf, headlineOf, reasonOf } from './sentences';

const page = readFileSync(new URL('../../../../../docs/improve.md', import.meta.url), 'utf8');

/** Reads the table under a heading cell: the keys of each line and the numbers that come with them. */
function table(head: string): [string, string[]][] {
  const lines = page
    .slice(page.indexOf(`| ${head} | numbers |`))
    .split('\n')
    .slice(2);
  const end = lines.findIndex((line) => !line.startsWith('|'));
  return lines.slice(0, end < 0 ? undefined : end).flatMap((line) => {
    const [, keys = '', numbers = ''] = line.split('|');
    const names = numbers.split(',').map((name) => name.trim());
    return [...keys.matchAll(/`([^`]+)`/g)].map((match): [string, string[]] => [match[1] ?? '', names]);
  });
}

function check(key: string, numbers: string[]) {
  const sentence = (en as Record<string, string>)[key];
  expect(sentence, `no sentence for ${key}`).toBeDefined();
  const asked = needs(sentence ?? '').map((need) => need.replace(/:.*/, ''));
  for (const name of asked) expect(numbers, `${key} asks for ${name}`).toContain(name);
}

describe('sentences of verdicts', () => {
  it('are told of in the documentation', () => {
    expect(table('reason').length).toBeGreaterThanOrEqual(14);
    expect(table('action').length).toBeGreaterThanOrEqual(10);
  });

  it.each(table('reason'))('say the reason %s', check);
  it.each(table('action'))('say the action %s', (key, numbers) => check(`action.${key}`, numbers));
  it.each(table('action'))('say the action %s in the headline', (key, numbers) => {
    if (`most.${key}` in en) check(`most.${key}`, [...numbers, 'name']);
  });

  it('name the deciding figure of every verdict that asks for a change', () => {
    const [first] = sampleReport().touchpoints;
    if (!first) throw new Error('the sample has touchpoints');
    const nameOf = (key: string) => figureNameOf({ ...first.verdict, reason: { key, numbers: {} } });
    const asking = table('reason').filter(([key]) => /^(dark|over_used|wasted|under_used|needs_care)\./.test(key));
    expect(asking.length).toBeGreaterThanOrEqual(10);
    for (const [key] of asking) expect(nameOf(key), key).not.toBe(en['rule.figure']);
    expect(nameOf('wasted.ratio')).toBe('Share of effect');
    expect(nameOf('new.rule')).toBe(en['rule.figure']);
  });

  it('are whole for every verdict of the sample', () => {
    for (const { verdict } of sampleReport().touchpoints) {
      for (const sentence of [reasonOf(verdict), actionOf(verdict), headlineOf(verdict, 'Post')]) {
        expect(sentence).toMatch(/^\S.*\.$/);
        expect(sentence).not.toContain('–');
      }
    }
  });

  it('stay true for a key that is not known yet', () => {
    const [first] = sampleReport().touchpoints;
    if (!first) throw new Error('the sample has touchpoints');
    const verdict = { ...first.verdict, reason: { key: 'new.rule', numbers: {} }, action: { key: 'new', numbers: {} } };
    expect(reasonOf(verdict)).toBe(en['reason.unknown']);
    expect(headlineOf(verdict, 'Post')).toBe('look at “Post”.');
  });
});
