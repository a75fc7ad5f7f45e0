import { describe, expect, it } from 'vitest';
import { findPage, type Page } from './page';

const page = (path: string): Page => ({
  path,
  title: { en: path, fr: path, ru: path },
  load: () => Promise.resolve(null),
  component: () => Promise.reject(new Error('is not shown')),
});

describe('the page of a path', () => {
  it('is the one that says most of it', () => {
    const pages = [page('/journeys/:tab?'), page('/journeys/designed/:id?')];
    expect(findPage(pages, '/journeys/designed')?.page.path).toBe('/journeys/designed/:id?');
    expect(findPage(pages, '/journeys/designed/a')?.params).toEqual({ id: 'a' });
    expect(findPage(pages, '/journeys/paths')?.params).toEqual({ tab: 'paths' });
    expect(findPage(pages, '/journeys')?.page.path).toBe('/journeys/:tab?');
    expect(findPage(pages, '/elsewhere')).toBeNull();
  });
});
