// What somebody sees who leaves the map open: figures that move while the company lives on.
import { strict as assert } from 'node:assert';
import { after, afterEach, before, test } from 'node:test';
import { openStage } from './stage.mjs';

let stage;
before(async () => (stage = await openStage({ perSecond: 20 })));
after(() => stage.close());
afterEach(() => stage.silence());

/** Reads the number of interactions from the head of the map. */
const interactions = (page) =>
  page.locator('main header').evaluate((head) => {
    const found = /([\d,]+) interactions/.exec(head.textContent ?? '');
    return found ? Number(found[1].replaceAll(',', '')) : 0;
  });

test('a map that stays open follows what happens, and keeps its place', async () => {
  const page = await stage.page();
  await page.goto('/map');
  await page.locator('[data-spot]').first().waitFor();
  const before = await interactions(page);
  assert.ok(before > 100_000);
  await page.locator('[data-spot]').first().focus();
  const spot = await page.evaluate(() => document.activeElement?.getAttribute('data-spot'));
  await page.waitForFunction(
    (before) => {
      const found = /([\d,]+) interactions/.exec(document.querySelector('main header')?.textContent ?? '');
      return found !== null && Number(found[1].replaceAll(',', '')) > before;
    },
    before,
    { timeout: 30_000 },
  );
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('data-spot')), spot);
});
