// What a person does to change something: reads what is at stake, makes a task of it, moves it across the board by
// keyboard, divides the budget, tries something new on paper, and designs a journey to see how it is lived.
import { strict as assert } from 'node:assert';
import { readFile } from 'node:fs/promises';
import { after, afterEach, before, test } from 'node:test';
import { assertAccessible } from './axe.mjs';
import { openStage } from './stage.mjs';

let stage;
before(async () => (stage = await openStage()));
after(() => stage.close());
afterEach(() => stage.silence());

async function open(path, look = {}) {
  const page = await stage.page(look);
  await page.goto(path);
  await page.locator('main[aria-busy="false"] h1').first().waitFor();
  return page;
}

test('a verdict says why, what is at stake, and becomes a task that can be undone', async () => {
  const page = await open('/improve');
  const wasted = page.getByRole('listitem').filter({ hasText: 'wasted effort' }).first();
  assert.match(await wasted.innerText(), /of the cost and brings[\s\S]*Should save[\s\S]*at stake/);
  await wasted.getByRole('button', { name: /^Make it a task/ }).click();
  await wasted.getByRole('link', { name: 'Planned' }).waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await wasted.getByRole('button', { name: /^Make it a task/ }).waitFor();
});

test('a task goes across the board by keyboard, and stays there', async () => {
  const page = await open('/improve/backlog');
  await page.getByLabel('New improvement').fill('Answer reviews within two days');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  const card = page.getByRole('button', { name: 'Answer reviews within two days' });
  await card.focus();
  await page.keyboard.press('Alt+ArrowRight');
  const doing = page.getByRole('group', { name: /^In progress/ });
  await doing.getByRole('button', { name: 'Answer reviews within two days' }).waitFor();
  assert.ok(await card.evaluate((element) => element === document.activeElement), 'the card keeps the focus');
  await page.reload();
  await doing.getByRole('button', { name: 'Answer reviews within two days' }).waitFor();
});

test('a task is put before another by a button, as by dragging', async () => {
  const page = await open('/improve/backlog');
  for (const title of ['Wrap parcels in paper', 'Call back within the hour']) {
    await page.getByLabel('New improvement').fill(title);
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByRole('button', { name: title }).waitFor();
  }
  const column = page.getByRole('group', { name: /^To do/ });
  const order = async () => (await column.locator('.title').allInnerTexts()).slice(-2);
  assert.deepEqual(await order(), ['Wrap parcels in paper', 'Call back within the hour']);
  await page.getByRole('button', { name: 'Call back within the hour' }).click();
  await page.getByRole('button', { name: '↑ Up' }).click();
  const now = (first) =>
    page.waitForFunction(
      (first) => [...document.querySelectorAll('[aria-labelledby="column-open"] .title')].at(-2)?.textContent === first,
      first,
    );
  await now('Call back within the hour');
  await page.reload();
  await page.getByRole('button', { name: 'Call back within the hour' }).waitFor();
  assert.deepEqual(await order(), ['Call back within the hour', 'Wrap parcels in paper']);
  await column
    .locator('li', { hasText: 'Wrap parcels in paper' })
    .dragTo(column.locator('li', { hasText: 'Call back within the hour' }));
  await now('Wrap parcels in paper');
});

test('effort stands beside importance, and a move becomes a task', async () => {
  const page = await open('/improve/balance');
  assert.match(await page.locator('main').innerText(), /of the money stands at the wrong stage/);
  assert.equal(await page.locator('main table').first().locator('tbody tr').count(), 7);
  await page
    .getByRole('button', { name: /^Make it a task: Move/ })
    .first()
    .click();
  await page.getByText(/^Added to the improvements: Move/).waitFor();
});

test('the best division of the budget comes with its proof', async () => {
  const page = await open('/improve/budget');
  const slider = page.getByRole('slider').first();
  const before = Number(await slider.inputValue());
  await page.getByRole('button', { name: 'Best division' }).click();
  await page.getByText(/^Certified:/).waitFor();
  assert.notEqual(Number(await slider.inputValue()), before);
  assert.match(await page.locator('main').innerText(), /Move .* from .* to .*: there it brings/);
  await slider.focus();
  await page.keyboard.press('ArrowRight');
  await page.getByText('The sliders have been moved since.').waitFor();
  await page.getByRole('button', { name: 'Back to today' }).click();
  assert.ok(Math.abs(Number(await slider.inputValue()) - before) < before / 100);
});

test('something new is tried on paper before it is planned', async () => {
  const page = await open('/improve/trial');
  await page.getByText(/^It pays for itself from an effect of|^No effect would be enough/).waitFor();
  const said = async () => (await page.locator('.big').innerText()).trim();
  const before = await said();
  await page.getByLabel('Effect, points').fill('12');
  await page.waitForFunction((text) => document.querySelector('.big')?.textContent.trim() !== text, before);
  assert.match(page.url(), /effect=12/);
  await page.getByLabel('The idea, in a line').fill('A tasting in the shop');
  await page.getByRole('button', { name: 'Make it an improvement' }).click();
  await page.getByText('Added to the improvements: A tasting in the shop').waitFor();
});

test('a journey is designed by keyboard and compared with what is lived', async () => {
  const page = await open('/journeys/designed');
  await page.getByLabel('New journey').fill('After the first visit');
  await page.getByRole('button', { name: 'Begin' }).click();
  await page.waitForURL(/\/journeys\/designed\/after-the-first-visit/);
  await page.getByRole('button', { name: 'Add a step' }).click();
  await page.getByRole('combobox', { name: 'Touchpoint', exact: true }).selectOption({ index: 3 });
  await page.getByLabel('Scene: what happens, in the customer’s words').fill('I look around');
  await page.keyboard.press('Tab');
  await page.getByText('Saved', { exact: true }).waitFor();
  assert.equal(await page.locator('.part').count(), 2);
  await page.locator('.part[aria-pressed="true"]').focus();
  await page.keyboard.press('Insert');
  assert.equal(await page.locator('.part').count(), 3);
  await page.getByRole('button', { name: 'Undo' }).click();
  assert.equal(await page.locator('.part').count(), 2);
  await page.getByText('Saved', { exact: true }).waitFor();
  await page.reload();
  await page.locator('.part').nth(1).waitFor();
  await page.getByText(/began where this design begins|Nobody has lived it yet/).waitFor();

  await page.getByRole('link', { name: 'Storyboard' }).click();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'SVG' }).click(),
  ]);
  assert.match(await readFile(await download.path(), 'utf8'), /I look around/);
});

test('a story told at a touchpoint becomes the caption of its frame, and can be undone', async () => {
  const page = await open('/journeys/designed');
  await page.getByLabel('New journey').fill('As it was told');
  await page.getByRole('button', { name: 'Begin' }).click();
  await page.waitForURL(/\/journeys\/designed\/as-it-was-told/);
  await page.getByRole('combobox', { name: 'Touchpoint', exact: true }).selectOption('newsletter');
  await page.getByText('Saved', { exact: true }).waitFor();
  await page.getByRole('link', { name: 'Storyboard' }).click();
  const told = page.getByRole('region', { name: 'Stories told at these touchpoints' });
  await told.getByRole('link', { name: 'Write one on its card' }).click();
  await page.getByLabel('What was told').fill('I read it on the train, every Friday.');
  await page.getByLabel('How it feels').selectOption('positive');
  await page.getByRole('button', { name: 'Add the story' }).click();
  await page.locator('blockquote', { hasText: 'on the train' }).waitFor();

  await page.goto('/journeys/designed/as-it-was-told?view=storyboard');
  await told.getByRole('button', { name: /^Take as caption of frame 1/ }).click();
  const caption = page.getByLabel('Scene: what happens, in the customer’s words');
  await page.getByRole('button', { name: /^Take as caption/, pressed: true }).waitFor();
  assert.equal(await caption.inputValue(), 'I read it on the train, every Friday.');
  assert.equal(await page.getByRole('combobox', { name: 'Should feel' }).inputValue(), '1');
  assert.match(await page.locator('svg[role="img"]').textContent(), /on the train/);
  await assertAccessible(page, 'stories beside a storyboard');
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByRole('button', { name: /^Take as caption/, pressed: false }).waitFor();
  assert.equal(await caption.inputValue(), '');
});

for (const [path, theme] of [
  ['/improve', 'light'],
  ['/improve', 'dark'],
  ['/improve/changes', 'light'],
  ['/improve/balance', 'dark'],
  ['/improve/budget', 'light'],
  ['/improve/trial', 'dark'],
  ['/improve/backlog', 'light'],
  ['/journeys/designed', 'light'],
]) {
  test(`${path} is accessible in ${theme}`, async () => {
    const page = await open(path, { theme });
    await page.waitForTimeout(300);
    await assertAccessible(page, path);
  });
}

test('nothing runs over the edge at 320 pixels', async () => {
  for (const path of ['/improve', '/improve/balance', '/improve/budget', '/improve/trial', '/improve/backlog']) {
    const page = await open(path, { width: 320, language: 'ru' });
    await page.waitForTimeout(300);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(over <= 0, `${path}: ${over} pixels too wide`);
  }
});
