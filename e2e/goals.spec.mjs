// What somebody does who has just installed it: from the one-time link to a map of their own, following only the screen.
import { strict as assert } from 'node:assert';
import { after, afterEach, before, test } from 'node:test';
import { assertAccessible } from './axe.mjs';
import { openStage } from './stage.mjs';

let stage;
before(async () => (stage = await openStage({ empty: true })));
after(() => stage.close());
afterEach(() => {
  // Before there is a map, asking for it is answered 404, and the browser says so by itself.
  stage.forgive(/404/);
  stage.silence();
});

test('a newcomer has a map in twelve steps, and what they told stays', async () => {
  const page = await stage.page();
  let steps = 0;
  const press = async (name) => {
    steps += 1;
    await page.getByRole('button', { name }).click();
  };
  await page.goto('/');
  await page.getByRole('link', { name: 'Begin' }).click();
  steps += 1;
  await page.waitForURL('**/start');
  await page.getByLabel('Name of the organisation').fill('Tea & Co');
  steps += 1;
  await page.getByRole('radio', { name: /Online shop/ }).check();
  steps += 1;
  await press('Next: Ecosystem');
  await page.getByLabel('Target audience').fill('People who drink tea at home');
  steps += 1;
  await press('Next: Objectives');
  await press('Add: long-term relationship');
  const objective = page.getByLabel('What is to be reached');
  await objective.fill('Send more newsletters');
  steps += 1;
  await page.getByText('Names a tool: newsletters').waitFor();
  await objective.fill('Four in ten customers come back within a year');
  await page.getByText('Names a tool').waitFor({ state: 'detached' });
  await press('Next: Segments and needs');
  await press('Next: Touchpoints');
  await page.getByText('30 of 30 proposed touchpoints').waitFor();
  await page.getByRole('group', { name: 'SMS message' }).getByRole('button', { name: 'Not for us' }).click();
  await page.getByLabel('Not for us, because').fill('nobody gave us a number');
  await page.getByText('29 of 30 proposed touchpoints').waitFor();
  await page.getByText('Saved', { exact: true }).waitFor();
  await page.reload();
  await page.getByText('29 of 30 proposed touchpoints').waitFor();
  assert.equal(await page.getByLabel('Not for us, because').inputValue(), 'nobody gave us a number');
  await press('Next: Your map');
  await press('Make my map');
  await page.waitForURL('**/map');
  await page.getByText('Tea & Co').first().waitFor();
  assert.equal(await page.locator('main .chip', { hasText: 'SMS message' }).count(), 0);
  assert.ok(steps <= 12, `${steps} steps`);
});

test('every step is accessible in three languages, by day and night, and fits a small telephone', async () => {
  for (const [language, theme, width] of [
    ['en', 'dark', 1440],
    ['fr', 'light', 390],
    ['ru', 'dark', 320],
  ]) {
    const page = await stage.page({ language, theme, width });
    for (const step of ['business', 'ecosystem', 'objectives', 'segments', 'touchpoints', 'map']) {
      await page.goto(`/start?step=${step}`);
      await page.locator('main h2').first().waitFor();
      await assertAccessible(page, `${step} ${language} ${theme} ${width}`);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(over, 0, `${step} ${language} ${width}`);
    }
    await page.context().close();
  }
});
