// What a person does on the pages of experience and customers: sees who waits too long, reads it by segment, finds the customers
// whom nobody speaks to, in every language, on a phone, and with a screen reader.
import { strict as assert } from 'node:assert';
import { after, afterEach, before, test } from 'node:test';
import { assertAccessible } from './axe.mjs';
import { openStage } from './stage.mjs';

const paths = ['/measure/experience', '/measure/customers'];

let stage;
before(async () => (stage = await openStage()));
after(() => stage.close());
afterEach(() => stage.silence());

async function open(path, look = {}) {
  const page = await stage.page(look);
  await page.goto(path);
  await page.locator('main[aria-busy="false"] h2:visible').first().waitFor();
  return page;
}

test('a slow channel is seen, and the segment stays in the address', async () => {
  const page = await open('/measure/experience');
  const slow = page.getByRole('row', { name: /contact form/i });
  await slow.waitFor();
  assert.match(await slow.innerText(), /opening hours/);
  await page.getByLabel('Segment').selectOption({ index: 1 });
  await page.waitForURL(/segment=/);
  await page.locator('main[aria-busy="false"]').waitFor();
});

test('customers are grouped, and silence can be asked for', async () => {
  const page = await open('/measure/customers');
  await page.getByRole('heading', { name: 'Groups by recency and frequency' }).waitFor();
  await page.getByLabel('Silence of at least').selectOption('30');
  await page.waitForURL(/days=30/);
  await page.getByLabel('Model of buying').selectOption('pareto_nbd');
  await page.waitForURL(/model=pareto_nbd/);
});

test('whom nobody speaks to is listed with a reason, leads to the person, and becomes a task that names nobody', async () => {
  const page = await open('/measure/customers?days=30');
  const list = page.getByRole('table', { name: 'Whom nobody speaks to' });
  const row = list.getByRole('row').nth(1);
  await row.getByText(/spoken to|Silence/).first().waitFor();
  const person = row.getByRole('link');
  const number = await person.innerText();
  await page.getByRole('button', { name: 'Make a task of this list' }).click();
  await page.getByRole('button', { name: /The task is on the list/ }).waitFor();
  const tasks = await page.evaluate(async () => (await fetch('/api/improve/tasks')).text());
  assert.match(tasks, /in silence for 30 days or more/);
  assert.ok(!tasks.includes(number), 'no person stands in it');
  await person.click();
  await page.waitForURL(`**/people/${number}`);
});

for (const language of ['en', 'fr', 'ru']) {
  for (const theme of ['light', 'dark']) {
    test(`the pages are accessible in ${language}, ${theme}`, async () => {
      for (const path of paths) await assertAccessible(await open(path, { language, theme }));
    });
  }
}

test('on a phone nothing runs out of the page', async () => {
  for (const path of paths) {
    const page = await open(path, { width: 390, height: 844 });
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(over <= 0, `${path}: ${over} pixels too wide`);
  }
});
