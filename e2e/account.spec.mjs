// What a person does to get in and out: the one-time link, the sign-in page, signing out.
import { strict as assert } from 'node:assert';
import { after, afterEach, before, test } from 'node:test';
import { assertAccessible } from './axe.mjs';
import { openStage } from './stage.mjs';

let stage;
before(async () => (stage = await openStage()));
after(() => stage.close());
afterEach(() => stage.silence());

test('the one-time link leads to the map and leaves no token in the address', async () => {
  const page = await stage.page();
  await page.goto('/');
  await page.waitForURL('**/map');
  assert.equal(await page.evaluate(() => location.hash), '');
  await page.getByRole('table').first().waitFor();
});

test('the link works once', async () => {
  const page = await stage.page({ signedIn: false });
  await page.goto(stage.link);
  await page.waitForURL('**/sign-in?refused=1');
  await page.getByRole('heading', { name: /has been used/ }).waitFor();
  assert.equal(await page.evaluate(() => location.hash), '');
});

test('a stranger is told how to get in, wherever he knocks', async () => {
  const page = await stage.page({ signedIn: false });
  for (const path of ['/map', '/map?view=list', '/map/newsletter']) {
    await page.goto(path);
    await page.waitForURL('**/sign-in');
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
  }
});

test('the sign-in page is accessible in every language and theme', async () => {
  for (const language of ['en', 'fr', 'ru']) {
    for (const theme of ['light', 'dark']) {
      const page = await stage.page({ signedIn: false, language, theme });
      await page.goto('/sign-in');
      await page.getByRole('heading', { level: 1 }).waitFor();
      await assertAccessible(page, `${language} ${theme}`);
      await page.context().close();
    }
  }
});

// The last test: it ends the session that the others share.
test('signing out closes the door', async () => {
  const page = await stage.page();
  await page.goto('/map');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL('**/sign-in');
  await page.goto('/map');
  await page.waitForURL('**/sign-in');
  stage.forgive(/401/);
});
