// What a person does with journeys and measures: follows people through the flow, builds a funnel, compares models, reads cost and
// weeks, narrows all of it, and comes back to the same place by its address.
import { strict as assert } from 'node:assert';
import { after, afterEach, before, test } from 'node:test';
import { assertAccessible } from './axe.mjs';
import { openStage } from './stage.mjs';

let stage;
before(async () => (stage = await openStage()));
after(() => stage.close());
afterEach(() => stage.silence());

/** Opens an address and waits until it is drawn. */
async function open(path, look = {}) {
  const page = await stage.page(look);
  await page.goto(path);
  await page.locator('main[aria-busy="false"] :is(figure, table, ol.bars):visible').first().waitFor();
  return page;
}

const settled = (page) => page.locator('main[aria-busy="false"]').waitFor();

test('every column of the flow sums to all people, and a touchpoint can be followed', async () => {
  const page = await open('/journeys');
  const people = Number((await page.getByText(/every column sums to them/).innerText()).replace(/[^\d]/g, ''));
  await page.getByText('The numbers behind it').first().click();
  const rows = await page
    .locator('figure table tbody tr')
    .evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent ?? '')));
  const first = rows.filter((row) => row[0] === '1').reduce((sum, row) => sum + Number(row[3]), 0);
  assert.equal(first, people);
  const follow = page.getByRole('combobox', { name: 'Follow people at' });
  await follow.selectOption({ index: 1 });
  await page.waitForURL(/pin=/);
  assert.ok((await page.locator('.stream.lit').count()) > 0);
  await page.reload();
  await page.locator('.stream.lit').first().waitFor();
});

test('a funnel is built step by step, and its address brings it back', async () => {
  const page = await open('/journeys?tab=funnel');
  assert.equal(await page.locator('ol.bars .step').count(), 3);
  await page.getByRole('button', { name: 'Add a step' }).click();
  await page.waitForURL(/steps=/);
  await settled(page);
  await page.locator('ol.bars .step').nth(3).waitFor();
  await page.getByRole('combobox', { name: 'Step 4' }).selectOption({ index: 1 });
  await page.getByRole('combobox', { name: 'All within' }).selectOption('30');
  await page.waitForURL(/within=30/);
  await page.getByRole('combobox', { name: 'Also by channel' }).selectOption('first');
  await page.getByRole('heading', { name: 'By channel of the first touch' }).waitFor();
  const address = page.url();
  const again = await open(address);
  assert.equal(await again.locator('ol.bars .step').count(), 4);
  await again.getByRole('button', { name: 'Remove this step' }).last().click();
  await again.locator('ol.bars .step').nth(3).waitFor({ state: 'detached' });
});

test('a path opens as the strict funnel of the same people', async () => {
  const page = await open('/journeys?tab=variants');
  const row = page.getByRole('region', { name: 'Paths walked most' }).locator('tbody tr').first();
  const people = (await row.locator('td').nth(1).innerText()).trim();
  await row.getByRole('link', { name: 'Open' }).click();
  await page.waitForURL(/order=strict/);
  const last = page.locator('ol.bars .step').last().locator('strong');
  await last.waitFor();
  assert.equal((await last.innerText()).trim(), people);
});

test('who comes back is a curve, a triangle and a table', async () => {
  const page = await open('/journeys?tab=retention');
  await page.getByRole('heading', { name: 'By when they began' }).waitFor();
  assert.equal((await page.locator('.triangle tbody td[style]').first().innerText()).trim(), '100%');
  await page.getByRole('combobox', { name: 'Length of a period' }).selectOption('7');
  await page.waitForURL(/period=7/);
});

test('models are compared, with the policy stated and the address kept', async () => {
  const page = await open('/measure?tab=attribution');
  await page.getByText(/A journey ends after 30 days of silence/).waitFor();
  assert.ok((await page.locator('svg rect.range').count()) > 3);
  await page.getByRole('combobox', { name: 'Model' }).selectOption('shapley_sum');
  await page.waitForURL(/model=shapley_sum/);
  await page.getByText('Share of outcomes by Shapley, sum game').waitFor();
  await page.getByRole('combobox', { name: 'A touch is' }).selectOption('channel');
  await page.waitForURL(/unit=channel/);
  await settled(page);
  const share = page.getByRole('region', { name: 'Models compared' }).locator('tbody tr').first().locator('td').nth(1);
  await share.getByRole('button').click();
  await page.getByText('Poisson bootstrap over people').waitFor();
});

test('channels, cost and weeks are there, each with its table', async () => {
  const page = await open('/measure');
  await page.getByRole('heading', { name: 'Channels compared' }).waitFor();
  await page.getByRole('tab', { name: 'Cost and return' }).click();
  await page.getByRole('heading', { name: 'Cost and return by owner' }).waitFor();
  await page.getByRole('tab', { name: 'Week by week' }).click();
  await page.getByRole('combobox', { name: 'Number' }).selectOption('conversion');
  await page.waitForURL(/show=conversion/);
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page
      .getByText('The numbers behind it')
      .click()
      .then(() => page.getByRole('button', { name: 'Download CSV' }).click()),
  ]);
  assert.match(file.suggestedFilename(), /\.csv$/);
});

test('whoever comes back reads what changed since', async () => {
  const page = await stage.page();
  await page.addInitScript(() => {
    const seen = {
      at: Date.UTC(2026, 0, 1),
      people: 1,
      interactions: 1,
      outcomes: 0,
      verdicts: { newsletter: 'dark' },
    };
    localStorage.getItem('touchline.measure.seen') ??
      localStorage.setItem('touchline.measure.seen', JSON.stringify(seen));
  });
  await page.goto('/measure');
  await page.getByText(/interactions, .* people and .* outcomes more/).waitFor();
  await page.getByRole('link', { name: /from dark to/ }).waitFor();
});

for (const path of [
  '/journeys',
  '/journeys?tab=funnel&by=first',
  '/journeys?tab=variants',
  '/journeys?tab=retention',
  '/measure',
  '/measure?tab=attribution',
  '/measure?tab=cost',
  '/measure?tab=trends',
])
  test(`${path} is accessible, in three languages, by day and night, and fits a phone`, async () => {
    for (const [language, theme, width] of [
      ['en', 'light', 1440],
      ['fr', 'dark', 1440],
      ['ru', 'light', 390],
      ['ru', 'dark', 320],
    ]) {
      const page = await open(path, { language, theme, width, height: 844 });
      await assertAccessible(page, `${path} in ${language}, ${theme}, at ${width}`);
      const over = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      assert.equal(over, 0, `${path} at ${width} is too wide by ${over}`);
      await page.context().close();
    }
  });

test('a number is watched and a remark is made, told where one looks, and both are taken back', async () => {
  const page = await stage.page();
  await page.goto('/measure?tab=watch');
  await page.getByText('Nothing is watched yet').waitFor();
  await page.getByRole('combobox', { name: 'Number' }).selectOption('people');
  await page.getByRole('textbox', { name: 'Limit' }).fill('many');
  await page.getByRole('button', { name: 'Watch it' }).click();
  await page.getByText('Write a number, such as 12.5').waitFor();
  await page.getByRole('textbox', { name: 'Limit' }).fill('1000000');
  await page.getByRole('button', { name: 'Watch it' }).click();
  await page.locator('li.sure').getByText('beyond the limit', { exact: true }).waitFor();
  await page.getByLabel('What happened').fill('The summer campaign began');
  const middle = new Date(Date.now() - 60 * 86_400_000).toISOString().slice(0, 10);
  await page.getByLabel('Day').fill(middle);
  await page.getByRole('button', { name: 'Add remark' }).click();
  await page.getByText('The summer campaign began').waitFor();
  await assertAccessible(page);

  await page.goto('/measure?tab=trends');
  await page.getByText('1 watched number is beyond its limit').waitFor();
  await page.locator('ol.marks').getByText('The summer campaign began').waitFor();

  await page.goto('/measure?tab=watch');
  await page.getByRole('button', { name: /Stop watching/ }).click();
  await page.getByText('Nothing is watched yet').waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.locator('li.sure').waitFor();
  await page.getByRole('button', { name: /Stop watching/ }).click();
  await page.getByRole('button', { name: /Remove remark/ }).click();
  await page.getByText('The summer campaign began').waitFor({ state: 'detached' });
});

test('a watched number is told by mail once an account has an address, and a letter that nobody sends can be read', async () => {
  const page = await stage.page();
  await page.goto('/measure?tab=watch');
  await page.getByText('Your account has no address to write to.').waitFor();
  await page.getByText('No mail server is set up').waitFor();
  assert.equal(await page.getByLabel('Tell me by mail').isDisabled(), true);
  const given = await page.request.put('/api/account', { data: { name: 'Olga', email: 'olga@example.org' } });
  assert.equal(given.status(), 204);
  await page.reload();
  await page.getByRole('combobox', { name: 'Number' }).selectOption('people');
  await page.getByRole('combobox', { name: 'Not wanted' }).selectOption('above');
  await page.getByRole('textbox', { name: 'Limit' }).fill('1000000');
  await page.getByLabel('Tell me by mail').check();
  await page.getByRole('button', { name: 'Watch it' }).click();
  const told = page.locator('li.calm').getByLabel('Tell me by mail');
  await told.waitFor();
  assert.equal(await told.isChecked(), true);
  await told.uncheck();
  await page.getByText('No mail about it any more.').waitFor();
  await assertAccessible(page);
  await page.getByRole('button', { name: /Stop watching/ }).click();
  await page.getByText('Nothing is watched yet').waitFor();
});

test('a report is planned for a member, taken at once, paused, deleted and brought back', async () => {
  const page = await stage.page();
  await page.request.put('/api/account', { data: { name: 'Olga', email: 'olga@example.org' } });
  await page.goto('/measure?tab=reports');
  await page.getByText('No report yet').waitFor();
  await page.getByLabel('Name', { exact: true }).fill('Every Monday');
  await page.getByLabel('Attribution').check();
  await page.getByLabel('Olga').check();
  await page.getByRole('button', { name: 'Plan the report' }).click();
  const report = page.locator('li', { hasText: 'Every Monday' });
  await report.getByText(/Monday, 08:00/).waitFor();
  await report.getByText(/not sent yet/).waitFor();
  const [taken] = await Promise.all([
    page.waitForEvent('download'),
    report.getByRole('link', { name: 'Download now (CSV)' }).click(),
  ]);
  assert.match(taken.suggestedFilename(), /^Every-Monday-\d{4}-\d\d-\d\d\.csv$/);
  await report.getByRole('button', { name: 'Pause Every Monday' }).click();
  await report.getByText(/paused/).waitFor();
  await report.getByRole('button', { name: 'Go on with Every Monday' }).click();
  await report.getByText(/next /).waitFor();
  await assertAccessible(page);
  await report.getByRole('button', { name: 'Delete Every Monday' }).click();
  await page.getByText('No report yet').waitFor();
  // The latest news is the one of the deletion.
  await page.getByRole('button', { name: 'Undo' }).last().click();
  await report.waitFor();
});

test('an objective is given a number and a target, shows how far it is, and a touchpoint that serves it says so', async () => {
  const page = await stage.page();
  await page.goto('/');
  const first = page.locator('li.objective').first();
  await first.getByText('No number is named by which it is seen.').waitFor();
  await first.getByRole('button', { name: /Name a number/ }).click();
  await first.getByRole('combobox', { name: 'Number, of 30 days' }).selectOption('people');
  await first.getByRole('textbox', { name: 'Target' }).fill('many');
  await first.getByRole('button', { name: 'Save' }).click();
  await first.getByText('Write a number, such as 12.5').waitFor();
  await first.getByRole('textbox', { name: 'Target' }).fill('1000000');
  await first.getByRole('button', { name: 'Save' }).click();
  await first.getByText('Last 30 days').waitFor();
  await first.getByText('1,000,000').waitFor();
  await first.getByText('The numbers behind it').click();
  assert.ok((await first.locator('tbody tr').count()) > 1);
  await assertAccessible(page);
  await page.reload();
  await first.getByText('Last 30 days').waitFor();
  // Other numbers: what an outcome costs, who comes back, and how content people are with one touchpoint.
  for (const [number, target, means] of [
    ['Cost per outcome', '12,5', /divided by the target outcomes/],
    ['Who comes back', '60', /the share who came again/],
    ['Recommendation (NPS)', '40', /would you recommend us/],
    ['Satisfaction', '90', /4 or 5 of 5/],
  ]) {
    await first.getByRole('button', { name: /Change the target/ }).click();
    await first.getByRole('combobox', { name: 'Number, of 30 days' }).selectOption({ label: number });
    if (number === 'Satisfaction')
      await first.getByRole('combobox', { name: 'Of which touchpoint' }).selectOption('newsletter');
    await first.getByRole('textbox', { name: /^Target/ }).fill(target);
    await first.getByRole('button', { name: 'Save' }).click();
    await first.locator('strong', { hasText: number }).waitFor();
    await first.locator('.numbers button').first().click();
    await page.getByRole('dialog', { name: 'How computed' }).getByText(means).waitFor();
    await page.keyboard.press('Escape');
  }
  await first.getByText('· Newsletter').waitFor();
  await assertAccessible(page);
  await page.goto('/map');
  const served = await (await page.request.get('/api/measure/objectives')).json();
  await page.goto(`/map/${served[0].touchpoints[0]}`);
  await page.getByRole('heading', { name: 'Objectives it serves' }).waitFor();
});
