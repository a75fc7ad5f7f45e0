// What a person does to get in and out: the one-time link, inviting somebody, a password, ending sessions, signing out.
import { strict as assert } from 'node:assert';
import { after, afterEach, before, test } from 'node:test';
import { assertAccessible } from './axe.mjs';
import { openStage } from './stage.mjs';

let stage;
before(async () => (stage = await openStage()));
after(() => stage.close());
afterEach(() => stage.silence());

const password = 'a long walk home';

test('the one-time link leads to the overview and leaves no token in the address', async () => {
  const page = await stage.page();
  await page.goto('/');
  await page.getByRole('heading', { level: 1 }).waitFor();
  assert.equal(await page.evaluate(() => location.hash), '');
  await page.getByRole('heading', { name: 'What to look at' }).waitFor();
  await page.getByRole('heading', { name: 'Objectives' }).waitFor();
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
  for (const path of ['/', '/map', '/map?view=list', '/map/newsletter', '/settings/members']) {
    await page.goto(path);
    await page.waitForURL('**/sign-in');
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  }
});

test('the owner invites somebody, who sets a password, signs in with it, and sees no members', async () => {
  const owner = await stage.page();
  await owner.goto('/settings/members');
  await owner.getByRole('button', { name: 'Invite somebody' }).click();
  const dialog = owner.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Ada');
  await dialog.getByLabel('E-mail address').fill('ada@example.org');
  await dialog.getByLabel('Role').selectOption('analyst');
  await dialog.getByRole('button', { name: 'Make the link' }).click();
  const shown = owner.getByRole('dialog', { name: 'Link for Ada' });
  const link = await shown.locator('code').textContent();
  await owner.keyboard.press('Escape');
  await owner.getByRole('cell', { name: 'ada@example.org' }).waitFor();

  const ada = await stage.page({ signedIn: false });
  await ada.goto(link ?? '');
  await ada.getByRole('heading', { level: 1 }).waitFor();
  await ada.goto('/settings');
  await ada.getByLabel('New password').fill('short');
  await ada.getByRole('button', { name: 'Set the password' }).click();
  await ada.getByText('shorter than 10 characters').waitFor();
  await ada.getByLabel('New password').fill(password);
  await ada.getByRole('button', { name: 'Set the password' }).click();
  await ada.getByText('The password is set').waitFor();
  assert.equal(await ada.getByRole('link', { name: 'Members' }).count(), 0);
  await ada.getByRole('button', { name: 'Sign out' }).click();
  await ada.waitForURL('**/sign-in');

  await ada.getByLabel('E-mail address').fill('ada@example.org');
  await ada.getByLabel('Password').fill('a wrong one, surely');
  await ada.getByRole('button', { name: 'Sign in' }).click();
  await ada.getByRole('alert').getByText('is not right').waitFor();
  await ada.getByLabel('Password').fill(password);
  await ada.getByRole('button', { name: 'Sign in' }).click();
  await ada.getByRole('heading', { name: 'What to look at' }).waitFor();
  stage.forgive(/401|400/);
});

test('the log says who was invited', async () => {
  const page = await stage.page();
  await page.goto('/settings/log');
  await page.getByRole('cell', { name: 'Member invited' }).waitFor();
  await page.getByRole('cell', { name: 'Owner' }).first().waitFor();
});

test('a token for a program is shown once, works, and is taken back', async () => {
  const page = await stage.page();
  await page.goto('/settings/programs');
  await page.getByText('No program has a token').waitFor();
  await page.getByRole('button', { name: 'Make a token' }).click();
  await page.getByLabel('What it is for').fill('weekly report');
  await page.getByRole('dialog').getByRole('button', { name: 'Make a token' }).click();
  const token = await page.getByRole('dialog', { name: 'The token' }).locator('code').textContent();
  const ask = (path) => fetch(`${stage.origin}${path}`, { headers: { authorization: `Bearer ${token}` } });
  assert.equal((await ask('/api/map')).status, 200);
  assert.equal((await ask('/api/account/members')).status, 403);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Take back weekly report' }).click();
  await page.getByText('No program has a token').waitFor();
  assert.equal((await ask('/api/map')).status, 401);
});

test('the palette goes anywhere by typing', async () => {
  const page = await stage.page();
  await page.goto('/');
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Search and commands' }).waitFor();
  await page.keyboard.type('newsle');
  await page.getByRole('option', { name: /Newsletter/ }).waitFor();
  await assertAccessible(page, 'palette');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/map/newsletter');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('log of');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/settings/log');
});

test('a school calls its people students', async () => {
  const page = await stage.page();
  await page.goto('/settings/organisation');
  await page.getByLabel('Whom you serve').selectOption('student');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved.').waitFor();
  await page.goto('/settings/members');
  await page.getByRole('button', { name: 'Invite somebody' }).click();
  await page.getByRole('dialog').getByLabel('Role').selectOption('agent');
  await page.getByText('Talks with students').waitFor();
});

test('settings, overview and sign-in are accessible and fit at 320 px', async () => {
  const paths = [
    '/',
    '/settings',
    '/settings/members',
    '/settings/programs',
    '/settings/organisation',
    '/settings/log',
  ];
  for (const [language, theme] of [
    ['en', 'light'],
    ['fr', 'dark'],
    ['ru', 'light'],
  ]) {
    const page = await stage.page({ language, theme, width: 320, height: 700 });
    for (const path of paths) {
      await page.goto(path);
      await page.locator('main[aria-busy="false"] h1').waitFor();
      await assertAccessible(page, `${path} ${language} ${theme}`);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= 320, `${path} in ${language} is ${wide} px wide`);
    }
    const stranger = await stage.page({ signedIn: false, language, theme });
    await stranger.goto('/sign-in');
    await stranger.getByRole('heading', { level: 1 }).waitFor();
    await assertAccessible(stranger, `sign-in ${language} ${theme}`);
    await stranger.context().close();
    await page.context().close();
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
