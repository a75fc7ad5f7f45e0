// What a person does on the map: reads what to change, filters, walks it by keyboard, opens a touchpoint, asks how a
// number was computed, reads it in another language, on a phone, or with a screen reader.
import { strict as assert } from 'node:assert';
import { readFile } from 'node:fs/promises';
import { after, afterEach, before, test } from 'node:test';
import { assertAccessible } from './axe.mjs';
import { openStage } from './stage.mjs';

const languages = ['en', 'fr', 'ru'];
const themes = ['light', 'dark'];
const titles = {
  en: 'Touchpoint map',
  fr: 'Carte des points de contact',
  ru: 'Карта точек контакта',
};

let stage;
before(async () => (stage = await openStage()));
after(() => stage.close());
afterEach(() => stage.silence());

/** Opens an address of the map and waits until it is drawn. */
async function openMap(look = {}, path = '/map') {
  const page = await stage.page(look);
  await page.goto(path);
  await page.locator('main[aria-busy="false"] :is(h1, h2):visible').first().waitFor();
  return page;
}

const focused = (page) =>
  page.evaluate(() => document.activeElement?.getAttribute('data-spot') ?? document.activeElement?.tagName);
const background = (page) => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);

test('the map says what asks for a change, and leads there', async () => {
  const page = await openMap();
  await page.getByRole('heading', { name: titles.en }).waitFor();
  const lead = page.locator('main p').first();
  assert.match(await lead.innerText(), /touchpoints? asks? for a change|None of the/);
  await lead.getByRole('link').click();
  await page.waitForURL(/\/map\/[^/]+$/);
  await page.getByText('What to do:').waitFor();
});

test('a segment filters the map, and the address keeps it', async () => {
  const page = await openMap();
  const rows = page.locator('tbody tr:has([data-spot])');
  const all = await rows.count();
  assert.ok(all > 1);
  const segment = page.getByRole('combobox', { name: 'Segment' });
  const value = await segment.locator('option').nth(1).getAttribute('value');
  await segment.selectOption(value);
  await page.waitForURL(new RegExp(`segment=${value}`));
  await page.waitForFunction(() => document.querySelectorAll('tbody tr:has([data-spot])').length === 1);
  await page.reload();
  await page.getByRole('heading', { name: titles.en }).waitFor();
  assert.equal(await segment.inputValue(), value);
  assert.equal(await rows.count(), 1);
});

test('a touchpoint opens and closes by keyboard alone', async () => {
  const page = await openMap();
  for (let presses = 0; presses < 60 && !(await focused(page))?.includes(':'); presses++)
    await page.keyboard.press('Tab');
  const start = await focused(page);
  assert.match(start, /^\d+:\d+:\d+$/);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowRight');
  const there = await focused(page);
  assert.notEqual(there, start);
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/map\/[^/]+$/);
  const heading = page.locator('#card-name');
  await heading.waitFor();
  assert.ok(await heading.evaluate((element) => element === document.activeElement));
  await page.keyboard.press('Escape');
  await page.waitForURL(/\/map$/);
  assert.equal(await focused(page), there);
});

test('a fold opens and shows the rest of its cell', async () => {
  const page = await openMap();
  const chips = page.locator('[data-spot]');
  const before = await chips.count();
  await page
    .getByRole('button', { name: /^\+ \d+ more$/ })
    .first()
    .click();
  assert.ok((await chips.count()) > before);
});

test('every figure of a card says how it was computed', async () => {
  const page = await openMap();
  await page.locator('[data-spot]').first().click();
  await page.locator('#card-name').waitFor();
  const figures = page.locator('aside button[aria-haspopup="dialog"]');
  assert.ok((await figures.count()) >= 15);
  await figures.first().click();
  const dialog = page.getByRole('dialog', { name: 'How computed' });
  assert.match(await dialog.innerText(), /95 % interval[\s\S]*Stands on[\s\S]*Evidence\s+E[0-4]/);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  assert.ok(await figures.first().evaluate((element) => element === document.activeElement));
  await page.locator('#card-name').waitFor(); // Escape closed the explanation, not the card.
});

test('language and theme change at once and stay after a reload', async () => {
  const page = await openMap();
  const light = await background(page);
  await page.getByLabel('Language').selectOption('ru');
  await page.getByRole('heading', { name: titles.ru }).waitFor();
  await page.getByLabel('Тема').selectOption('dark');
  await page.reload();
  await page.getByRole('heading', { name: titles.ru }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'ru');
  assert.notEqual(await background(page), light);
});

test('overlay, effort, verdict and view live in the address', async () => {
  const page = await openMap();
  await page.getByLabel('Number on each touchpoint').selectOption('conversion');
  await page.getByLabel('Effort by').selectOption('interactions');
  await page.getByRole('list', { name: 'Show only' }).getByRole('button').first().click();
  await page.keyboard.press('v');
  await page.waitForURL(/view=list/);
  const query = new URL(page.url()).searchParams;
  assert.equal(query.get('overlay'), 'conversion');
  assert.equal(query.get('effort'), 'interactions');
  assert.ok(query.get('verdict'));
  const lines = page.locator('table').first().locator('tbody tr');
  const count = await lines.count();
  await lines.first().getByRole('link').click();
  await page.waitForURL(/\/map\/[^/?]+\?.*view=list/);
  await page.goBack();
  await page.waitForURL(/\/map\?/);
  assert.equal(await lines.count(), count);
});

test('the list downloads as CSV', async () => {
  const page = await openMap({}, '/map?view=list');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Download CSV' }).click(),
  ]);
  const lines = (await readFile(await download.path(), 'utf8')).trimEnd().split('\r\n');
  assert.match(lines[0], /^\uFEFFtouchpoint,name,channel,/);
  assert.equal(lines.length - 1, await page.locator('table').first().locator('tbody tr').count());
});

test('a phone shows the map stage by stage and a touchpoint on the whole screen', async () => {
  const page = await openMap({ width: 390, height: 844 });
  assert.ok((await page.locator('main summary').count()) >= 2);
  await page.locator('main details[open] a').first().click();
  await page.locator('#card-name').waitFor();
  assert.ok(!(await page.getByRole('heading', { level: 1 }).isVisible()));
  await page.getByRole('button', { name: 'Close the card' }).click();
  await page.getByRole('heading', { level: 1 }).waitFor();
});

test('nothing overflows at any width, in any language', async () => {
  for (const language of languages) {
    for (const width of [320, 390, 768, 1024, 1280]) {
      const page = await openMap({ language, width, height: 800 });
      const first = await page.evaluate(() => document.querySelector('main a[href^="/map/"]')?.getAttribute('href'));
      for (const path of ['/map', '/map?view=list', first]) {
        await page.goto(path);
        await page.locator('main[aria-busy="false"] :is(h1, h2):visible').first().waitFor();
        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(over <= 0, `${path} in ${language} at ${width}: ${over} px too wide`);
      }
      await page.context().close();
    }
  }
});

test('every view is accessible in every language and theme', async () => {
  for (const language of languages) {
    for (const theme of themes) {
      const page = await openMap({ language, theme });
      await assertAccessible(page, `map ${language} ${theme}`);
      await page.locator('[data-spot]').first().click();
      await page.locator('#card-name').waitFor();
      await assertAccessible(page, `card ${language} ${theme}`);
      await page.keyboard.press('Escape');
      await page.keyboard.press('v');
      await page.waitForURL(/view=list/);
      await assertAccessible(page, `list ${language} ${theme}`);
      await page.keyboard.press('?');
      await page.locator('dialog[open]').waitFor();
      await assertAccessible(page, `shortcuts ${language} ${theme}`);
      await page.context().close();
    }
  }
  const phone = await openMap({ width: 390, height: 844 });
  await assertAccessible(phone, 'map on a phone');
});

test('a server that fails is told, and asked again', async () => {
  const page = await stage.page();
  await page.route('**/api/measure/map', (route) => route.abort());
  await page.goto('/map');
  const problem = page.getByRole('alert');
  await problem.waitFor();
  await page.unroute('**/api/measure/map');
  await problem.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('heading', { name: titles.en }).waitFor();
  stage.forgive(/ERR_FAILED/);
});

test('an address that means nothing says so', async () => {
  const page = await openMap({}, '/map/no-such-touchpoint');
  await page.locator('#card-name').filter({ hasText: 'There is no touchpoint' }).waitFor();
  await page.goto('/nowhere/at/all');
  await page.getByRole('heading', { name: 'There is no page at this address' }).waitFor();
});

test('the first view is light and stands still', async (context) => {
  const page = await stage.page();
  let requests = 0;
  page.on('request', () => requests++);
  await page.addInitScript(() => {
    window.shift = 0;
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => (window.shift += entry.value))).observe({
      type: 'layout-shift',
      buffered: true,
    });
  });
  const start = performance.now();
  await page.goto('/map');
  await page.locator('[data-spot]').first().waitFor();
  context.diagnostic(`first view after ${Math.round(performance.now() - start)} ms, ${requests} requests`);
  assert.ok(requests <= 12, `${requests} requests`);
  assert.ok((await page.evaluate(() => window.shift)) < 0.01);
});
