import { describe, expect, it } from 'vitest';
import { buildPath, changeQuery, href, matchPath } from './router';

function check(pattern: string, path: string, expected: Record<string, string> | null) {
  expect(matchPath(pattern, path), `${pattern} on ${path}`).toEqual(expected);
}

describe('router', () => {
  it('finds the named parts of a path', () => {
    check('/map/:touchpoint?', '/map', {});
    check('/map/:touchpoint?', '/map/', {});
    check('/map/:touchpoint?', '/map/newsletter', { touchpoint: 'newsletter' });
    check('/map/:touchpoint?', '/map/a%20b', { touchpoint: 'a b' });
    check('/people/:person', '/people', null);
    check('/', '/', {});
  });

  it('refuses what is another page', () => {
    check('/map/:touchpoint?', '/map/a/b', null);
    check('/map/:touchpoint?', '/maps', null);
    check('/', '/map', null);
    check('/map/:touchpoint?', '/map/%E0%A4', null);
  });

  it('builds what it matches', () => {
    for (const params of [{}, { touchpoint: 'newsletter' }, { touchpoint: 'ä/ö?' }]) {
      expect(matchPath('/map/:touchpoint?', buildPath('/map/:touchpoint?', params))).toEqual(params);
    }
    expect(() => buildPath('/people/:person', {})).toThrow('needs :person');
  });

  it('changes a query without touching the rest', () => {
    const query = new URLSearchParams('segment=new&view=list');
    expect(changeQuery(query, { view: null, overlay: 'people' }).toString()).toBe('segment=new&overlay=people');
    expect(query.toString()).toBe('segment=new&view=list');
    expect(href('/map', new URLSearchParams())).toBe('/map');
    expect(href('/map', new URLSearchParams('a=1'))).toBe('/map?a=1');
  });
});
