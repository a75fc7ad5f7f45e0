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
/** Chooses from the menu of exports. */
async function pick(page, name) {
  await page.getByRole('button', { name: 'Export' }).click();
  await page.getByRole('menuitem', { name }).click();
}
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
  assert.match(await dialog.innerText(), /95% interval[\s\S]*Stands on[\s\S]*Evidence\s+E[0-4]/);
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
  const [download] = await Promise.all([page.waitForEvent('download'), pick(page, 'Download CSV')]);
  const lines = (await readFile(await download.path(), 'utf8')).trimEnd().split('\r\n');
  assert.match(lines[0], /^\uFEFFtouchpoint,name,channel,/);
  assert.equal(lines.length - 1, await page.locator('table').first().locator('tbody tr').count());
});

test('the list downloads as a workbook', async () => {
  const page = await openMap();
  const [download] = await Promise.all([page.waitForEvent('download'), pick(page, 'Download XLSX')]);
  assert.equal(download.suggestedFilename(), 'touchpoints.xlsx');
  const book = await readFile(await download.path(), 'latin1');
  assert.ok(book.startsWith('PK') && book.includes('xl/worksheets/sheet1.xml') && book.includes('>newsletter<'));
});

test('a phone shows the map stage by stage and a touchpoint on the whole screen', async () => {
  const page = await openMap({ width: 390, height: 844 });
  assert.ok((await page.locator('main summary').count()) >= 2);
  await page.locator('main details[open] a').first().click();
  await page.locator('#card-name').waitFor();
  assert.ok(!(await page.locator('main summary').first().isVisible()), 'the map is not behind it');
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
  for (const [path, drawn] of [
    ['/map', '[data-spot]'],
    ['/', 'main h1'],
  ]) {
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
    await page.goto(path);
    await page.locator(drawn).first().waitFor();
    const drawnAfter = Math.round(performance.now() - start);
    // What a page asks for after it is drawn counts too: who this is, and the news.
    await page.waitForTimeout(1_500);
    context.diagnostic(`${path}: first view after ${drawnAfter} ms, ${requests} requests`);
    assert.ok(requests <= 12, `${path}: ${requests} requests`);
    if (path === '/map') assert.ok((await page.evaluate(() => window.shift)) < 0.01);
    await page.context().close();
  }
});

// From here on the map is edited.

/** Waits until everything is saved. */
const saved = (page) => page.getByText('Everything is saved').waitFor();
const chipsNamed = (page, name) => page.locator('main td .chip', { hasText: name });

test('a touchpoint is added, renamed, moved without dragging, and removed; each can be undone', async () => {
  const page = await openMap();
  await page.getByRole('button', { name: 'Edit the map' }).click();
  await page.getByRole('button', { name: '+ Touchpoint' }).click();
  await page.getByLabel('What is it called?').fill('Gift box');
  await page.getByRole('dialog').getByLabel('Segment').selectOption({ index: 1 });
  await page.getByRole('button', { name: 'Add “Gift box”' }).click();
  await chipsNamed(page, 'Gift box').first().waitFor();
  assert.equal(await chipsNamed(page, 'Gift box').count(), 1);

  await page.getByRole('button', { name: 'What to do with Gift box' }).click();
  await page.getByRole('menuitem', { name: /^Rename/ }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('Surprise box');
  await page.keyboard.press('Enter');
  await chipsNamed(page, 'Surprise box').first().waitFor();

  await page.getByRole('button', { name: 'What to do with Surprise box' }).click();
  await page.getByRole('menuitem', { name: /^Move to/ }).click();
  const boxes = page.getByRole('dialog').getByRole('checkbox');
  await boxes.last().check();
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await page.waitForFunction(
    () =>
      [...document.querySelectorAll('main td .chip')].filter((chip) => chip.textContent.includes('Surprise box'))
        .length === 2,
  );

  await page.getByRole('button', { name: 'What to do with Surprise box' }).first().click();
  await page.getByRole('menuitem', { name: 'Remove from the map' }).click();
  await chipsNamed(page, 'Surprise box').first().waitFor({ state: 'detached' });
  await page.getByRole('status').getByRole('button', { name: 'Undo' }).last().click();
  await chipsNamed(page, 'Surprise box').first().waitFor();
  assert.equal(await chipsNamed(page, 'Surprise box').count(), 2);
});

test('undo and redo survive a reload', async () => {
  const page = await openMap({}, '/map?edit=1');
  await chipsNamed(page, 'Surprise box').first().waitFor();
  await page.reload();
  await chipsNamed(page, 'Surprise box').first().waitFor();
  // Back over: the second cell, the name.
  await page.keyboard.press('Control+z');
  await page.waitForFunction(
    () =>
      [...document.querySelectorAll('main td .chip')].filter((chip) => chip.textContent.includes('Surprise box'))
        .length === 1,
  );
  await page.keyboard.press('Control+z');
  await chipsNamed(page, 'Gift box').first().waitFor();
  await page.reload();
  await chipsNamed(page, 'Gift box').first().waitFor();
  await page.keyboard.press('Control+Shift+z');
  await chipsNamed(page, 'Surprise box').first().waitFor();
});

test('a touchpoint is dragged to another stage', async () => {
  const page = await openMap({}, '/map?edit=1');
  const chip = chipsNamed(page, 'Surprise box').first();
  await chip.waitFor();
  const before = await chip.getAttribute('data-spot');
  const row = Number(before.split(':')[0]);
  const target = page.locator('tbody tr').nth(row).locator('td').last();
  await page
    .locator('main td li')
    .filter({ hasText: 'Surprise box' })
    .first()
    .dragTo(target, { targetPosition: { x: 20, y: 12 } });
  await page.waitForFunction((before) => {
    const found = [...document.querySelectorAll('main td .chip')].find((chip) =>
      chip.textContent.includes('Surprise box'),
    );
    return found && found.getAttribute('data-spot').split(':')[1] !== before.split(':')[1];
  }, before);
});

test('keys do what the menu does', async () => {
  const page = await openMap({}, '/map?edit=1');
  const chip = chipsNamed(page, 'Surprise box').first();
  await chip.focus();
  await page.keyboard.press('F2');
  await page.getByRole('dialog', { name: 'Rename' }).waitFor();
  await page.keyboard.press('Escape');
  await chip.focus();
  await page.keyboard.press('m');
  await page.getByRole('dialog', { name: /Surprise box/ }).waitFor();
  await page.keyboard.press('Escape');
  await chip.focus();
  await page.keyboard.press('Delete');
  await page.getByRole('heading', { name: 'In no cell yet' }).waitFor();
  await page.keyboard.press('Control+z');
  await chip.waitFor();
});

test('importance is dragged, and always sums to 100', async () => {
  const page = await openMap({}, '/map?edit=1');
  await page.getByRole('button', { name: 'Stages' }).click();
  const sheet = page.getByRole('dialog');
  await sheet.getByRole('slider').first().fill('40');
  await page.waitForFunction(() => {
    const shares = [...document.querySelectorAll('dialog output')].map((output) =>
      Number.parseInt(output.textContent, 10),
    );
    return shares[0] === 40 && shares.reduce((sum, share) => sum + share, 0) === 100;
  });
  await page.keyboard.press('Escape');
  await saved(page);
  await page.keyboard.press('Control+z');
  await page.getByText('Undone.').first().waitFor();
});

test('importance is set by the arrow keys as well', async () => {
  const page = await openMap({}, '/map?edit=1');
  await page.getByRole('button', { name: 'Stages' }).click();
  const slider = page.getByRole('dialog').getByRole('slider').first();
  const before = Number(await slider.inputValue());
  await slider.focus();
  await page.keyboard.press('ArrowRight');
  await page
    .getByRole('dialog')
    .locator('output')
    .first()
    .filter({ hasText: `${before + 1}` })
    .waitFor();
  await page.keyboard.press('Escape');
  await saved(page);
  await page.keyboard.press('Control+z');
  await page.getByText('Undone.').first().waitFor();
});

test('a touchpoint in no cell is placed without dragging', async () => {
  const page = await openMap({}, '/map?edit=1');
  const chip = chipsNamed(page, 'Surprise box').first();
  await chip.focus();
  await page.keyboard.press('Delete');
  const loose = page.getByRole('region', { name: 'In no cell yet' });
  await loose.getByRole('button', { name: /^Surprise box/ }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('menuitem', { name: /^Move to/ }).focus();
  await page.keyboard.press('Enter');
  const sheet = page.getByRole('dialog', { name: /Surprise box/ });
  await sheet.getByRole('checkbox').nth(7).focus();
  await page.keyboard.press('Space');
  await sheet.getByRole('button', { name: 'Save' }).click();
  await loose.waitFor({ state: 'detached' });
  await chip.waitFor();
});

test('rows of a spreadsheet are shown before they are taken over', async () => {
  const page = await openMap({}, '/map?edit=1');
  await page.getByRole('button', { name: 'Paste a table' }).click();
  const stage = (await page.locator('thead th .name').nth(1).innerText()).trim();
  await page.getByRole('dialog').locator('textarea').fill(`Name\tStage\nOpen day\t${stage}\nHotline\t${stage}\t??\n`);
  await page.getByText('2 new touchpoints').waitFor();
  await page.getByRole('dialog').getByText('??').waitFor();
  await page.getByRole('button', { name: 'Take over 2 rows' }).click();
  await page.getByText('2 rows were taken over.').waitFor();
  await page.keyboard.press('Control+z');
  await page.getByText('Undone.').first().waitFor();
});

test('two people work on one map at once', async () => {
  const [ada, bob] = [await openMap({}, '/map?edit=1'), await openMap({}, '/map?edit=1')];
  const rename = async (page, from, to) => {
    await page
      .getByRole('button', { name: `What to do with ${from}`, exact: true })
      .first()
      .click();
    await page.getByRole('menuitem', { name: /^Rename/ }).click();
    await page.getByRole('dialog').getByLabel('Name').fill(to);
    await page.keyboard.press('Enter');
  };
  const names = await ada
    .locator('main td .chip .name')
    .evaluateAll((all) => all.map((name) => name.getAttribute('title')));
  const [first, second] = [...new Set(names)];
  // Different things: both edits stand, on both screens, though Bob's page had not heard of Ada's.
  await Promise.all([rename(ada, first, 'Named by Ada'), rename(bob, second, 'Named by Bob')]);
  for (const page of [ada, bob]) {
    await chipsNamed(page, 'Named by Ada').first().waitFor();
    await chipsNamed(page, 'Named by Bob').first().waitFor();
  }
  // The same thing: whoever comes second is shown both, and nothing is lost.
  await bob.route('**/api/live', (route) => route.abort());
  await bob.reload();
  await chipsNamed(bob, 'Named by Ada').first().waitFor();
  await rename(ada, 'Named by Ada', 'Ada again');
  await chipsNamed(ada, 'Ada again').first().waitFor();
  await rename(bob, 'Named by Ada', 'Bob instead');
  const clash = bob.getByRole('dialog', { name: 'Somebody else changed the same place' });
  await clash.getByText('Ada again', { exact: true }).last().waitFor();
  await clash.getByText('Bob instead', { exact: true }).waitFor();
  await clash.getByRole('button', { name: 'Use mine' }).click();
  await chipsNamed(bob, 'Bob instead').first().waitFor();
  await chipsNamed(ada, 'Bob instead').first().waitFor();
  await bob.context().close();
  stage.forgive(/ERR_FAILED|409/);
});

test('the card is filled in field by field, and says so in the history', async () => {
  const page = await openMap({}, '/map/newsletter?edit=1');
  const owner = page.locator('aside').getByLabel('Owner');
  await owner.fill('Ada Example');
  await owner.press('Tab');
  await page.getByText('was changed.').first().waitFor();
  await page.reload();
  await page.locator('#card-name').waitFor();
  assert.equal(await page.locator('aside').getByLabel('Owner').inputValue(), 'Ada Example');
  await page.getByRole('button', { name: 'History' }).click();
  const sheet = page.getByRole('dialog', { name: 'What was changed' });
  await sheet
    .getByText(/: owner$/)
    .first()
    .waitFor();
  await sheet.getByRole('button', { name: 'Compare with today' }).first().click();
  await sheet.locator('.diff li').first().waitFor();
});

test('a story and an asset are added to a touchpoint, can be undone, and stay after a reload', async () => {
  const page = await openMap({}, '/map/newsletter');
  const card = page.locator('aside.card');
  await card.getByText('Nobody has told anything yet.').waitFor();
  await card.getByText(/fields are missing: .*Environment/).waitFor();
  await card.getByLabel('What was told').fill('Too many of them, said a customer.');
  await card.getByLabel('How it feels').selectOption('negative');
  await card.getByRole('button', { name: 'Add the story' }).click();
  const story = card.locator('blockquote', { hasText: 'Too many of them' });
  await story.getByText('bad').waitFor();
  await card.getByLabel('Name', { exact: true }).fill('Style guide');
  await card.getByLabel('Link, if there is one').fill('ftp://example.org/guide');
  await card.getByRole('button', { name: 'Add the asset' }).click();
  await card.getByText('A link begins with https:// or http://').waitFor();
  await card.getByLabel('Link, if there is one').fill('https://example.org/guide');
  await card.getByRole('button', { name: 'Add the asset' }).click();
  await card.getByRole('link', { name: 'Style guide' }).waitFor();
  await assertAccessible(page);
  await page.reload();
  await story.waitFor();
  await card.getByRole('button', { name: 'Remove Style guide' }).click();
  await card.getByRole('link', { name: 'Style guide' }).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Undo' }).first().click();
  await card.getByRole('link', { name: 'Style guide' }).waitFor();
});

test('a plan is drawn, compared, and made real', async () => {
  const page = await openMap({}, '/map?edit=1');
  await page.getByRole('button', { name: 'As it shall be' }).click();
  await page.waitForURL(/variant=to_be/);
  await page.getByRole('button', { name: '+ Touchpoint' }).click();
  await page.getByLabel('What is it called?').fill('Repair café');
  await page.getByRole('button', { name: 'Add “Repair café”' }).click();
  await chipsNamed(page, 'Repair café').first().waitFor();
  await page.getByRole('button', { name: 'As it is', exact: true }).click();
  await chipsNamed(page, 'Repair café').first().waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Differences' }).click();
  const sheet = page.getByRole('dialog', { name: 'The plan against what is' });
  await sheet.getByText('“Repair café” is new').waitFor();
  await sheet.getByRole('button', { name: 'Make it real' }).click();
  await chipsNamed(page, 'Repair café').first().waitFor();
});

test('a brainstorm of two: notes appear for both, are merged, and come onto the map', async () => {
  const [ada, bob] = [await openMap({}, '/map?view=ideas'), await openMap({}, '/map?view=ideas')];
  const write = async (page, text) => {
    await page.getByLabel('Where do we meet our customers?').fill(text);
    await page.keyboard.press('Enter');
  };
  await Promise.all([write(ada, 'Parcel shop'), write(bob, 'Pick-up point')]);
  for (const page of [ada, bob]) {
    await page.locator('.body', { hasText: 'Parcel shop' }).waitFor();
    await page.locator('.body', { hasText: 'Pick-up point' }).waitFor();
  }
  await ada.getByLabel('Merge Pick-up point into …').selectOption({ label: 'Parcel shop' });
  await bob.locator('.merged', { hasText: 'Pick-up point' }).waitFor();
  await bob.getByLabel('Stage for Parcel shop').selectOption({ index: 1 });
  await bob.getByRole('button', { name: 'Onto the map: Parcel shop' }).click();
  await bob.getByText('✓ Parcel shop').waitFor();
  await ada.getByRole('button', { name: 'Grid' }).click();
  await ada.getByRole('button', { name: 'Edit the map' }).click();
  await ada.locator('main td .chip', { hasText: 'Parcel shop' }).first().waitFor();
});

test('a link shows the map to a stranger until it is taken away', async () => {
  const page = await openMap();
  await page.getByRole('button', { name: 'Share' }).click();
  await page.getByRole('button', { name: 'Make a link' }).click();
  const link = await page.getByLabel('The link').inputValue();
  const stranger = await stage.page({ signedIn: false });
  await stranger.goto(new URL(link).pathname);
  await stranger.getByText(/Shared until/).waitFor();
  assert.ok((await stranger.locator('tbody li').count()) > 10);
  assert.ok(!(await stranger.content()).includes('Ada Example'));
  await page.getByRole('button', { name: 'Take away' }).first().click();
  await page.getByRole('button', { name: 'Take away' }).first().waitFor({ state: 'detached' });
  await stranger.reload();
  await stranger.getByRole('alert').waitFor();
  stage.forgive(/404/);
});

test('the map is a picture, and one sheet of paper', async () => {
  const page = await openMap();
  for (const [name, start] of [
    ['Picture as SVG', '<svg '],
    ['Picture as PNG', '\u0089PNG'],
  ]) {
    const [download] = await Promise.all([page.waitForEvent('download'), pick(page, name)]);
    assert.equal((await readFile(await download.path(), 'latin1')).slice(0, start.length), start);
  }
  await page.getByRole('button', { name: 'Show 6 columns' }).click();
  await page.waitForFunction(() => document.querySelectorAll('thead th .pair').length === 6);
});

test('boards and tools are accessible', async () => {
  for (const [language, theme] of [
    ['en', 'light'],
    ['fr', 'dark'],
    ['ru', 'light'],
  ]) {
    const page = await openMap({ language, theme }, '/map?edit=1');
    await assertAccessible(page, `editing ${language} ${theme}`);
    for (const view of ['inside', 'ideas']) {
      await page.goto(`/map?view=${view}`);
      await page.locator(`#${view}`).waitFor();
      await assertAccessible(page, `${view} ${language} ${theme}`);
    }
    await page.goto('/map/newsletter?edit=1');
    await page.locator('#card-name').waitFor();
    await assertAccessible(page, `card in editing ${language} ${theme}`);
    await page.context().close();
  }
});

test('a phone edits too', async () => {
  const page = await openMap({ width: 390, height: 844 }, '/map?edit=1');
  const open = page.locator('main details[open]');
  await open
    .getByRole('button', { name: /^Add a touchpoint/ })
    .first()
    .click();
  await page.getByLabel('What is it called?').fill('Doorbell');
  await page.getByRole('button', { name: 'Add “Doorbell”' }).click();
  await page.getByText('“Doorbell” was added.').waitFor();
  for (const path of ['/map?edit=1', '/map?view=inside', '/map?view=ideas', '/map/newsletter?edit=1']) {
    await page.goto(path);
    await page.locator('main[aria-busy="false"] :is(h1, h2):visible').first().waitFor();
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(over <= 0, `${path}: ${over} px too wide`);
  }
});
