import { afterEach, describe, expect, it } from 'vitest';
import document from '../../../../openapi.json';
import { language } from '../../../app/i18n/language.svelte';
import { about, deed, isNamed } from './deeds';
import words from './words/en';

afterEach(() => void (language.code = 'en'));

/** Routes that the log never holds: their room notes what it does by names of its own. */
const notedOtherwise = /^\/api\/(account|organisation|session)\b/;
/** Questions that are asked with POST, and what is written to all the time: the door of the server notes neither. */
const unnoted =
  /^POST \S*\/(preview|find|explain|extent|try|allocate|list|tools|conformance|trial|attribution|funnel|count|presence)$|^POST \/api\/(measure\/retention|capture\/interactions)$/;

/** To try a channel tells its platform where to send. */
const changes = /^POST \/api\/conversations\/channels\/\{id\}\/try$/;

const routes = Object.entries(document.paths)
  .flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ path, action: `${method.toUpperCase()} ${path}` })),
  )
  .filter(
    ({ path, action }) =>
      !action.startsWith('GET ') && !notedOtherwise.test(path) && (!unnoted.test(action) || changes.test(action)),
  )
  .map(({ action }) => action);

describe('what was done', () => {
  it.each(routes)('%s has words', (action) => {
    expect(isNamed(action)).toBe(true);
    // That the other languages have the same keys is tested for all catalogues.
    const said = (['en', 'fr', 'ru'] as const).map((code) => {
      language.code = code;
      return deed(action);
    });
    expect(new Set(said).size, said.join(' / ')).toBe(3);
    expect(said.join(' ')).not.toMatch(/\/api\/|[{}]/);
  });

  it('has words for no route that is gone', () => {
    const all = new Set(routes);
    const named = Object.keys(words).filter((key) => key.includes(' /api/'));
    expect(named.filter((key) => !all.has(key))).toEqual([]);
  });

  it('is said by room and method where it has no words', () => {
    expect(deed('POST /api/map/unheard')).toBe('Map: something done');
    language.code = 'fr';
    expect(deed('DELETE /api/people/{id}/unheard')).toBe('Personnes\u00a0: quelque chose a été supprimé');
    language.code = 'ru';
    expect(deed('PATCH /api/measure/unheard')).toBe('Измерения: что-то изменено');
  });

  it('stays as it is where nothing is known', () => {
    for (const action of ['HEAD /api/map', 'POST /api/cellar', 'cellar.opened', '']) expect(deed(action)).toBe(action);
  });
});

it('what was noted beside an action tells members, roles, tokens and sessions', () => {
  expect(about('member.invited', '7 analyst')).toEqual({ member: 7, role: 'analyst' });
  expect(about('member.removed', '7')).toEqual({ member: 7 });
  expect(about('token.made', '2 read:map,write:map')).toEqual({ token: 2, rights: 'read:map,write:map' });
  expect(about('token.dropped', '2')).toEqual({ token: 2 });
  expect(about('session.ended', '3')).toEqual({ sessions: 3 });
  expect(about('PATCH /api/map', '')).toEqual({});
});
