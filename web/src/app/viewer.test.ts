import { describe, expect, it } from 'vitest';
import { Problem } from './api/client';
import type { Page } from './page';
import { viewer } from './viewer.svelte';

const visit = { path: '/', params: {}, query: new URLSearchParams() };

/** Makes a page whose data arrive when the test says so. */
function pageOf(name: string, more: Partial<Page> = {}) {
  const waiting: { give: (data: string) => void; fail: (problem: Error) => void }[] = [];
  const page: Page = {
    path: `/${name}`,
    title: { en: name, fr: name, ru: name },
    load: () => new Promise((give, fail) => waiting.push({ give, fail })),
    component: () => Promise.resolve({ default: (() => ({})) as never }),
    ...more,
  };
  return { page, waiting };
}

describe('viewer', () => {
  it('never shows an old answer over a new one', async () => {
    const { page, waiting } = pageOf('map');
    const first = viewer.show(page, visit);
    const second = viewer.show(page, visit);
    waiting[1]?.give('new');
    await second;
    waiting[0]?.give('old');
    await first;
    expect(viewer.data).toBe('new');
    expect(viewer.busy).toBe(false);
  });

  it('keeps the data of a page while it asks again, and drops them for another page', async () => {
    const map = pageOf('map');
    const shown = viewer.show(map.page, visit);
    map.waiting[0]?.give('map');
    await shown;
    void viewer.show(map.page, visit);
    expect(viewer.data).toBe('map');
    void viewer.show(pageOf('other').page, visit);
    expect(viewer.data).toBeUndefined();
  });

  it('shows what a page keeps until newer data come, of the same address and the same reader alone', async () => {
    const { page, waiting } = pageOf('overview', { keeps: true, reloadOn: ['segment'] });
    const other = pageOf('other').page;
    const shown = viewer.show(page, visit);
    waiting[0]?.give('of all');
    await shown;
    void viewer.show(other, visit);
    expect(viewer.data).toBeUndefined();
    const again = viewer.show(page, visit);
    expect(viewer).toMatchObject({ data: 'of all', busy: true });
    waiting[1]?.give('newer');
    await again;
    expect(viewer).toMatchObject({ data: 'newer', busy: false });
    void viewer.show(other, visit);
    void viewer.show(page, { ...visit, query: new URLSearchParams('segment=new') });
    expect(viewer.data).toBeUndefined();
    void viewer.show(other, visit);
    viewer.forget();
    void viewer.show(page, visit);
    expect(viewer.data).toBeUndefined();
  });

  it('asks again quietly: nothing dims, a failure changes nothing, and a newer question wins', async () => {
    const { page, waiting } = pageOf('map');
    const shown = viewer.show(page, visit);
    waiting[0]?.give('map');
    await shown;
    const failed = viewer.refresh(visit);
    expect(viewer.busy).toBe(false);
    waiting[1]?.fail(new Problem(0));
    await failed;
    expect(viewer).toMatchObject({ data: 'map', problem: null });
    const quiet = viewer.refresh(visit);
    const newer = viewer.show(page, visit);
    waiting[3]?.give('newer');
    await newer;
    waiting[2]?.give('older');
    await quiet;
    expect(viewer.data).toBe('newer');
  });

  it('tells a problem, and forgets it when asked again', async () => {
    const { page, waiting } = pageOf('map');
    const failed = viewer.show(page, visit);
    waiting[0]?.fail(new Problem(503, 'busy'));
    await failed;
    expect(viewer.problem).toMatchObject({ status: 503, what: 'busy' });
    void viewer.show(page, visit);
    expect(viewer.problem).toBeNull();
  });
});
