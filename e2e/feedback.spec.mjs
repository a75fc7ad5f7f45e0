// What customers and staff do about feedback: answer a survey by its link, write a review, look at it, answer it; and choose
// what one wants to hear.
import { strict as assert } from 'node:assert';
import { after, before, test } from 'node:test';
import { openStage } from './stage.mjs';

let stage;
before(async () => {
  stage = await openStage({ more: ['--people', '2000'] });
});
after(() => stage.close());

test('a survey is made, answered by its link in the reader’s language, and counted', async () => {
  const staff = await stage.page();
  await staff.goto('/feedback');
  await staff.getByText('Make a survey').click();
  await staff.getByLabel('Name, for you and the map').fill('After delivery');
  await staff.getByLabel('What it asks').selectOption('csat');
  await staff.getByRole('button', { name: 'Make it' }).click();
  const card = staff.getByRole('article').filter({ hasText: 'After delivery' });
  await card.getByText('30 more are needed').waitFor();
  const link = await card.getByRole('link', { name: 'Look at it' }).getAttribute('href');
  const context = await stage.browser.newContext({ locale: 'fr', baseURL: stage.origin, javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(link);
  await page.getByRole('heading', { name: 'Êtes-vous satisfait' }).waitFor();
  await page.getByLabel('4', { exact: true }).check();
  await page.getByLabel(/Pourquoi/).fill('Le livreur était aimable.');
  await page.getByRole('button', { name: 'Envoyer' }).click();
  await page.getByRole('heading', { name: 'Merci' }).waitFor();
  await context.close();
  await staff.reload();
  await staff.getByText('Le livreur était aimable.').waitFor();
  await card.getByText('29 more are needed').waitFor();
  stage.silence();
});

test('a survey of the sample company has a figure with its interval', async () => {
  const staff = await stage.page();
  await staff.goto('/feedback');
  const card = staff.getByRole('article').filter({ hasText: 'Would they recommend us' });
  await card.getByText(/between .+ and .+/).waitFor();
  stage.silence();
});

test('what words say is told by theme, with the texts one click away', async () => {
  const staff = await stage.page();
  await staff.goto('/feedback');
  const words = staff.getByRole('region', { name: 'What their words say' });
  await words.getByText('Complaints', { exact: true }).waitFor();
  await words.getByRole('button', { name: /^delivery/ }).click();
  await words.getByText('The delivery window was too long.').first().waitFor();
  assert.match(staff.url(), /theme=delivery/);
  await staff.reload();
  await words.getByRole('heading', { name: 'Texts that name it: delivery' }).waitFor();
  stage.silence();
});

test('a review waits until somebody has looked at it', async () => {
  const visitor = await stage.page({ signedIn: false });
  await visitor.goto('/p/review?product=Teapot');
  await visitor.getByLabel('3 ★').check();
  await visitor.getByLabel(/Your name/).fill('Zoë');
  await visitor.getByLabel('What you experienced').fill('It drips <script>alert(1)</script>');
  await visitor.getByRole('button', { name: 'Send' }).click();
  await visitor.getByRole('heading', { name: 'Thank you' }).waitFor();
  await visitor.goto('/p/reviews?product=Teapot');
  assert.equal(await visitor.getByText('It drips').count(), 0);
  const staff = await stage.page();
  await staff.goto('/feedback');
  const review = staff.getByRole('listitem').filter({ hasText: 'It drips' });
  await review.getByRole('button', { name: 'Publish' }).click();
  await review.getByText('published').waitFor();
  await review.getByLabel('Our answer, for everybody').fill('We send you a new one.');
  await review.getByRole('button', { name: 'Answer' }).click();
  await staff.waitForTimeout(500);
  await visitor.reload();
  await visitor.getByText('We send you a new one.').waitFor();
  stage.silence();
});
