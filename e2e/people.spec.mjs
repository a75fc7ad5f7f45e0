// What somebody does who looks after people: finds one among thousands, reads what happened and why it is one person,
// merges and takes it back, notes a consent, and erases for good.
import { strict as assert } from 'node:assert';
import { after, afterEach, before, test } from 'node:test';
import { assertAccessible } from './axe.mjs';
import { openStage } from './stage.mjs';

let stage, page, ada, bob, eve;
before(async () => {
  stage = await openStage();
  page = await stage.page();
  await page.goto('/people');
  // Three whose address is known: those who are worth most have bought.
  [ada, bob, eve] = await page.evaluate(async () => {
    const body = JSON.stringify({ order: 'value', limit: 3 });
    const headers = { 'content-type': 'application/json' };
    const { people } = await (await fetch('/api/people/list', { method: 'POST', headers, body })).json();
    return people.map((person) => person.known_by.find((name) => name.namespace === 'email').value);
  });
});
after(() => stage.close());
afterEach(() => stage.silence());

/** Opens the person who has an address. */
async function open(address) {
  await page.goto('/people');
  await page.getByLabel('Find').fill(address);
  await page.getByRole('option', { name: address }).first().click();
  await page.getByRole('heading', { level: 2, name: address }).waitFor();
}

test('a list of thousands draws what is seen, and its end is one key away', async () => {
  await page.goto('/people');
  const first = page.locator('[data-at="0"]');
  await first.waitFor();
  assert.ok((await page.locator('.window [role=option]').count()) < 60);
  await first.focus();
  await page.keyboard.press('End');
  const size = Number(await page.locator('.window [role=option]').first().getAttribute('aria-setsize'));
  assert.ok(size > 2_000, `${size} people`);
  await page.locator(`[data-at="${size - 1}"]`).waitFor();
  assert.ok((await page.locator('.window [role=option]').count()) < 60);
});

test('a page of the list that comes late takes nothing away', async () => {
  let firsts = 0;
  await page.route('**/api/people/list', async (route) => {
    const isFirst = (route.request().postDataJSON().from ?? 0) === 0;
    // Whatever asks for the beginning again is answered after the end has come.
    if (isFirst && firsts++ > 0) await new Promise((done) => setTimeout(done, 800));
    await route.continue();
  });
  await page.goto('/people');
  const first = page.locator('[data-at="0"]');
  await first.focus();
  await page.keyboard.press('End');
  const size = Number(await page.locator('.window [role=option]').last().getAttribute('aria-setsize'));
  const last = page.locator(`[data-at="${size - 1}"]`);
  await last.waitFor();
  await page.waitForTimeout(1_200);
  assert.ok(await last.isVisible(), 'the end stays');
  await page.unroute('**/api/people/list');
});

test('somebody is found by a part of a name, which stays out of the address', async () => {
  await open(ada);
  assert.ok(!decodeURIComponent(page.url()).includes(ada), page.url());
  await page.getByText('Why these names are one person').waitFor();
  await page.locator('ul.ties li').nth(1).waitFor();
  await page.locator('ol.line li').first().waitFor();
  const address = page.url();
  await page.reload();
  await page.getByRole('heading', { level: 2, name: ada }).waitFor();
  assert.equal(page.url(), address);
});

test('two are merged, and that is taken back', async () => {
  await open(ada);
  await page.getByRole('button', { name: 'Merge with another' }).click();
  await page.getByLabel('A name of the other').fill(bob);
  await page.getByRole('dialog').getByRole('button', { name: 'Merge with another' }).click();
  const ties = page.locator('ul.ties');
  await ties.getByText(bob).waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await ties.getByText(bob).waitFor({ state: 'detached' });
});

test('a no is noted, and a restriction is lifted again', async () => {
  await open(ada);
  await page.getByRole('button', { name: 'No: Writing and calling' }).click();
  await page
    .getByRole('row', { name: /Writing and calling/ })
    .getByText('No')
    .first()
    .waitFor();
  await page.getByRole('button', { name: 'Restrict', exact: true }).click();
  await page.getByRole('button', { name: 'Lift the restriction' }).click();
  await page.getByRole('button', { name: 'Restrict', exact: true }).waitFor();
});

test('who asks to be erased is gone, after its extent was seen, and a receipt is left', async () => {
  await open(eve);
  await page.getByRole('button', { name: 'Erase', exact: true }).click();
  await page.getByText(/would be erased/).waitFor();
  await page.getByRole('button', { name: 'Erase for good' }).click();
  await page.waitForURL('**/people?tab=receipts');
  await page.getByRole('row').nth(1).waitFor();
  await page.goto('/people');
  await page.getByLabel('Find').fill(eve);
  await page.getByText('Nobody is called so').waitFor();
});

test('a segment is built while its people are counted, saved, found on the map, and taken back', async () => {
  await page.goto('/people/segments');
  await page.getByRole('heading', { name: 'Outside all segments' }).waitFor();
  await page.getByRole('button', { name: 'New segment' }).click();
  const status = page.getByRole('status').filter({ hasText: 'Fits' });
  const count = async () => Number((await status.innerText()).replaceAll(/\D/g, ''));
  await status.waitFor();
  const everybody = await count();
  assert.ok(everybody > 1_000, `${everybody} people`);
  await page.getByRole('button', { name: 'Add a condition' }).click();
  const first = page.getByRole('listitem', { name: 'Condition 1' });
  const settled = async (differs) => {
    for (let tries = 0; tries < 100 && (await count()) === differs; tries++) await page.waitForTimeout(100);
    return count();
  };
  await first.getByLabel('At least, times').fill('5');
  await first.getByLabel('At least, times').blur();
  const often = await settled(everybody);
  assert.ok(often > 0 && often < everybody, `${often} of ${everybody}`);
  await first.getByLabel('is not so').check();
  assert.equal(await settled(often), everybody - often, 'the others are all the others');
  await first.getByLabel('is not so').uncheck();
  await settled(everybody - often);
  await page.getByRole('button', { name: 'Add a condition' }).click();
  const second = page.getByRole('listitem', { name: 'Condition 2' });
  await second.getByLabel('About').selectOption('worth');
  await second.getByLabel('At least, EUR').fill('100');
  await second.getByLabel('At least, EUR').blur();
  const rich = await settled(often);
  assert.ok(rich < often, `${rich} of ${often}`);
  await page.getByLabel('Name', { exact: true }).fill('Regulars');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.waitForURL(/open=regulars/);
  await page.getByRole('link', { name: /Regulars/ }).waitFor();
  await page.reload();
  await page.getByRole('listitem', { name: 'Condition 2' }).waitFor();
  await status.waitFor();
  assert.equal(await count(), rich);
  // Whatever asks for a segment knows it.
  await page.goto('/measure/customers');
  await page.getByLabel('Segment').selectOption({ label: 'Regulars' });
  await page.waitForURL(/segment=regulars/);
  await page.goto('/people/segments?open=regulars');
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('link', { name: /Regulars/ }).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByRole('link', { name: /Regulars/ }).waitFor();
});

test('the room is accessible and fits a phone', async () => {
  for (const look of [
    { theme: 'light' },
    { theme: 'dark', language: 'ru', width: 390, height: 844 },
    { language: 'fr', width: 320, height: 700 },
  ]) {
    const reader = await stage.page(look);
    for (const path of [
      '/people',
      '/people?tab=review',
      '/people?tab=receipts',
      '/people/segments',
      '/people/segments?open=regulars',
    ]) {
      await reader.goto(path);
      await reader.locator('main[aria-busy="false"] h1').waitFor();
      await reader.waitForTimeout(600);
      await assertAccessible(reader, `${path} ${JSON.stringify(look)}`);
      assert.ok(await reader.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${path} sticks out`);
    }
    await reader.goto('/people');
    await reader.locator('[data-at="0"]').click();
    await reader.locator('section.person ol.line li').first().waitFor();
    await assertAccessible(reader, `a person ${JSON.stringify(look)}`);
    await reader.context().close();
  }
});
