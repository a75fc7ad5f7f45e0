// What staff and visitors do about pop-ups: write one, show it, see it open on a page, close it, and be left in peace.
import { strict as assert } from 'node:assert';
import { after, before, test } from 'node:test';
import { assertAccessible } from './axe.mjs';
import { openStage } from './stage.mjs';

let stage;
before(async () => {
  stage = await openStage({ more: ['--people', '500'] });
});
after(() => stage.close());

/** Writes a pop-up that opens at once, and shows it to visitors. */
async function write(staff, name, fill) {
  await staff.goto('/outreach');
  await staff.getByRole('button', { name: 'Write a pop-up' }).click();
  await staff.getByLabel('Name, for you').fill(name);
  await staff.getByLabel('What stands on top').fill(`${name} is here`);
  await staff.getByLabel('Seconds').fill('0');
  await fill();
  await staff.getByRole('button', { name: 'Keep it' }).click();
  const card = staff.getByRole('article').filter({ hasText: `${name} is here` });
  await card.getByRole('button', { name: 'Show it' }).click();
  await card.getByText('Shown to visitors').waitFor();
  return card;
}

test('a pop-up is written, opens once, and what became of it is counted', async () => {
  const staff = await stage.page();
  const card = await write(staff, 'Spring', async () => {
    await staff.getByLabel('Words on the button').fill('Look at seeds');
    await staff.getByLabel('Where the button leads').fill('/w/demo?seeds');
  });
  const visitor = await stage.page({ signedIn: false });
  await visitor.goto('/w/demo');
  const popup = visitor.getByRole('dialog', { name: 'Spring is here' });
  await popup.waitFor();
  assert.ok(await visitor.evaluate(() => document.activeElement === document.body), 'it takes no focus');
  await assertAccessible(visitor, 'a page with a pop-up');
  await popup.getByRole('button', { name: 'Close' }).focus();
  await visitor.keyboard.press('Escape');
  await popup.waitFor({ state: 'detached' });
  await visitor.reload();
  await visitor.waitForTimeout(700);
  assert.equal(await popup.count(), 0, 'once in thirty days');

  const other = await stage.page({ signedIn: false });
  await other.goto('/w/demo');
  await other.getByRole('link', { name: 'Look at seeds' }).click();
  await other.waitForURL('**/w/demo?seeds');
  await staff.reload();
  await card.getByText('Shown 2 times').waitFor();
  await card.getByText('Closed once').waitFor();
  await card.getByText(/50.?% pressed the button/).waitFor();
  await card.getByRole('button', { name: 'Stop it' }).click();
  await card.getByText('Shown to nobody').waitFor();
  stage.silence();
});

test('a pop-up for a segment opens for whom the site has named, and for no stranger', async () => {
  const staff = await stage.page();
  const card = await write(staff, 'Thanks', async () => {
    await staff.getByRole('group', { name: 'For these segments' }).getByRole('checkbox').first().check();
  });
  await card.getByText(/for /).first().waitFor();
  const known = await staff.evaluate(async () => {
    const { secret } = await (await fetch('/api/conversations/signing', { method: 'POST' })).json();
    return secret;
  });
  assert.match(known, /^[0-9a-f]{64}$/);
  const visitor = await stage.page({ signedIn: false });
  const answers = [];
  visitor.on('response', async (response) => {
    if (response.url().endsWith('/w/popups')) answers.push(await response.text());
  });
  await visitor.goto('/w/demo');
  await visitor.waitForTimeout(1_000);
  assert.equal(await visitor.getByRole('dialog', { name: 'Thanks is here' }).count(), 0);
  assert.equal(answers.length, 1);
  assert.ok(!/segment/.test(answers[0]), answers[0]);
  await card.getByRole('button', { name: 'Stop it' }).click();
  await card.getByText('Shown to nobody').waitFor();
  stage.silence();
});

test('payloads in a pop-up are words, and a script is no link', async () => {
  const staff = await stage.page();
  await staff.goto('/outreach');
  await staff.getByRole('button', { name: 'Write a pop-up' }).click();
  await staff.getByLabel('Name, for you').fill('<img src=x onerror=alert(1)>');
  await staff.getByLabel('What stands on top').fill('<script>alert(1)</script>');
  await staff.getByLabel('Words on the button').fill('Go');
  await staff.getByLabel('Where the button leads').fill('javascript:alert(1)');
  await staff.getByRole('button', { name: 'Keep it' }).click();
  await staff.getByRole('alert').getByText('The button leads nowhere').waitFor();
  await staff.getByLabel('Where the button leads').fill('/offers');
  await staff.getByRole('button', { name: 'Keep it' }).click();
  await staff.getByRole('article').getByText('<script>alert(1)</script>').waitFor();
  stage.complaints.length = 0;
});

test('the page can be read by everybody, on a phone too', async () => {
  for (const [language, theme, width] of [
    ['en', 'light', 1440],
    ['fr', 'dark', 1440],
    ['ru', 'light', 320],
  ]) {
    const page = await stage.page({ language, theme, width });
    await page.goto('/outreach');
    await page.getByRole('article').first().waitFor();
    await page
      .getByRole('button')
      .filter({ hasText: /Write a pop-up|Écrire une fenêtre|Создать окно/ })
      .click();
    await assertAccessible(page, `/outreach in ${language}`);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow <= 0, `${language}: ${overflow} px too wide`);
    if (process.env.SHOTS)
      await page.screenshot({ path: `${process.env.SHOTS}/outreach-${language}-${width}.png`, fullPage: true });
    await page.context().close();
  }
  stage.silence();
});
