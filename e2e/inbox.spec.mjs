// What a visitor and the staff do in the inbox: ask, answer, be faster than each other, lose the network; and what hostile
// mails try.
import { strict as assert } from 'node:assert';
import { connect, createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { hostile } from './hostile.mjs';
import { openStage } from './stage.mjs';

let stage;
let smtp;

/** Returns a port that is free now. */
const freePort = () =>
  new Promise((found) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => found(port));
    });
  });

before(async () => {
  smtp = await freePort();
  stage = await openStage({ more: ['--people', '2000', '--smtp', `127.0.0.1:${smtp}`] });
});
after(() => stage.close());

/** Opens the sample page with the widget, as a visitor. */
async function visit(options = {}) {
  const page = await stage.page({ signedIn: false, ...options });
  await page.goto('/w/demo');
  await page.getByRole('button', { name: /Talk to us|Parlez-nous|Написать нам/ }).click();
  const field = page.locator('.talk textarea');
  await field.waitFor();
  const write = async (text) => {
    await field.fill(text);
    await field.press('Enter');
  };
  const log = page.getByRole('log');
  return { page, write, log };
}

/** Hands a mail on to the server, as a mail server does. */
function mail(from, subject, html) {
  const body = Buffer.from(html)
    .toString('base64')
    .replaceAll(/(.{76})/g, '$1\r\n');
  const text = [
    'EHLO e2e',
    `MAIL FROM:<${from}>`,
    'RCPT TO:<help@shop.example>',
    'DATA',
    `From: <${from}>`,
    'To: help@shop.example',
    `Subject: ${subject}`,
    `Message-ID: <${Math.random().toString(36).slice(2)}@example.org>`,
    'MIME-Version: 1.0',
    'Content-Type: text/html; charset=utf-8',
    'Content-Transfer-Encoding: base64',
    '',
    body,
    '.',
    'QUIT',
    '',
  ].join('\r\n');
  return new Promise((taken, failed) => {
    let heard = '';
    const line = connect(smtp, '127.0.0.1', () => line.write(text));
    line.on('data', (data) => (heard += data));
    line.on('error', failed);
    line.on('close', () => (heard.includes('250 taken') ? taken() : failed(new Error(heard))));
  });
}

test('a visitor asks, somebody answers by keyboard, and the visitor hears it', async () => {
  const visitor = await visit();
  await visitor.write('Is the red one still there?');
  await visitor.log.getByText('You ·').waitFor();
  const staff = await stage.page();
  await staff.goto('/inbox');
  await staff.getByText('Is the red one still there?').click();
  await staff.getByRole('log').getByText('Is the red one still there?').waitFor();
  await staff.keyboard.press('r');
  await staff.keyboard.type('Yes, two of them.');
  await staff.keyboard.press('Control+Enter');
  await visitor.log.getByText('Yes, two of them.').waitFor();
  await staff.getByRole('log').getByText('seen').waitFor();
  stage.silence();
});

test('files go both ways, and are only ever saved', async () => {
  const visitor = await visit();
  const hostile = Buffer.from('<script>document.title = "caught"</script>');
  const own = { name: 'photo "1".html', mimeType: 'text/html', buffer: hostile };
  await visitor.page.getByLabel('Add a file').setInputFiles(own);
  await visitor.log.getByRole('button', { name: 'photo "1".html' }).waitFor();
  const staff = await stage.page();
  await staff.goto('/inbox?view=open&channel=chat');
  const list = await staff.evaluate(() => fetch('/api/conversations?view=open&channel=chat').then((got) => got.json()));
  const latest = list.conversations.toSorted((one, other) => other.last_at - one.last_at)[0];
  await staff.goto(`/inbox/${latest.id}`);
  const saved = async (page, click) => {
    const [download] = await Promise.all([page.waitForEvent('download'), click()]);
    const { readFile } = await import('node:fs/promises');
    return readFile(await download.path());
  };
  const link = staff.getByRole('link', { name: 'photo "1".html' });
  assert.deepEqual(await saved(staff, () => link.click()), hostile);
  // Also where it is opened as a page, it is saved and not shown.
  const direct = await stage.page();
  const address = await link.getAttribute('href');
  await saved(direct, () => direct.goto(address).catch(() => undefined));
  assert.notEqual(await direct.title(), 'caught');
  await staff
    .getByText('Add files')
    .locator('input')
    .setInputFiles([
      { name: 'счёт.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.4 a bill') },
      { name: 'not this one.txt', mimeType: 'text/plain', buffer: Buffer.from('x') },
    ]);
  await staff.getByText('not this one.txt').waitFor();
  await staff.getByRole('button', { name: 'Take not this one.txt away' }).click();
  await staff.getByRole('button', { name: 'Send', exact: true }).click();
  const file = visitor.log.getByRole('button', { name: 'счёт.pdf' });
  await file.waitFor();
  assert.equal(await visitor.log.getByText('not this one').count(), 0);
  assert.equal((await saved(visitor.page, () => file.click())).toString(), '%PDF-1.4 a bill');
  stage.forgive(/ERR_ABORTED/);
  stage.silence();
});

test('an answer to what is old is held back, with the text still there', async () => {
  const visitor = await visit();
  await visitor.write('I want the blue one');
  const staff = await stage.page();
  await staff.goto('/inbox');
  await staff.getByText('I want the blue one').click();
  const field = staff.getByLabel('Answer', { exact: true });
  await field.fill('The blue one is yours.');
  // The page hears of nothing while the visitor changes their mind.
  await staff.route('**/api/conversations/**', (route) =>
    route.request().method() === 'GET' ? route.abort() : route.continue(),
  );
  await visitor.write('No, wait: the red one');
  await visitor.log.getByText('the red one').waitFor();
  await visitor.page.waitForTimeout(500);
  await field.press('Control+Enter');
  await staff.getByText('Somebody said something while you were writing').waitFor();
  assert.equal(await field.inputValue(), 'The blue one is yours.');
  await staff.close();
  stage.forgive(/ERR_FAILED|409/);
  stage.silence();
});

test('what is written without a network is sent when it is back, once, after a reload too', async () => {
  const visitor = await visit();
  await visitor.write('First');
  await visitor.log.getByText('You ·').waitFor();
  await visitor.page.route('**/w/**', (route) =>
    route.request().method() === 'POST' ? route.abort() : route.continue(),
  );
  await visitor.write('Second, in the tunnel');
  await visitor.log.getByText('Not sent yet').waitFor();
  await visitor.page.reload();
  await visitor.page.getByRole('button', { name: /Talk to us/ }).click();
  await visitor.page.getByRole('log').getByText('Second, in the tunnel').waitFor();
  await visitor.page.unroute('**/w/**');
  await visitor.page.evaluate(() => dispatchEvent(new Event('online')));
  await visitor.page.getByRole('log').getByText('Not sent yet').waitFor({ state: 'detached' });
  // It leaves the outbox when the server has it, and comes back as part of the conversation.
  await visitor.page.getByRole('log').getByText('Second, in the tunnel').waitFor();
  assert.equal(await visitor.page.getByRole('log').getByText('Second, in the tunnel').count(), 1);
  stage.forgive(/ERR_FAILED/);
  stage.silence();
});

test('resolving can be undone, and a call is entered', async () => {
  const staff = await stage.page();
  await staff.goto('/inbox');
  await staff.getByRole('button', { name: '+ Enter' }).click();
  const dialog = staff.getByRole('dialog');
  await dialog.getByLabel('Which').fill('+33 1 99 00 00 01');
  await dialog.getByLabel('What they said').fill('Wants to be called back about the invoice');
  await dialog.getByRole('button', { name: 'Enter it' }).click();
  await staff.getByRole('log').getByText('called back about the invoice').waitFor();
  await staff.keyboard.press('e');
  await staff.getByText(/is resolved/).waitFor();
  await staff.getByRole('button', { name: 'Undo' }).click();
  await staff.getByRole('button', { name: 'Resolve', exact: true }).waitFor();
  stage.silence();
});

test('the widget speaks three languages, fits 320 pixels and is used by keyboard', async () => {
  for (const [locale, name] of [
    ['fr', 'Parlez-nous'],
    ['ru', 'Написать нам'],
  ]) {
    const context = await stage.browser.newContext({
      locale,
      baseURL: stage.origin,
      viewport: { width: 320, height: 568 },
    });
    const page = await context.newPage();
    await page.goto('/w/demo');
    await page.getByRole('button', { name }).focus();
    await page.keyboard.press('Enter');
    await page.locator('.talk textarea').waitFor();
    await page.keyboard.type('Bonjour');
    await page.keyboard.press('Enter');
    await page.getByRole('log').getByText('Bonjour', { exact: true }).waitFor();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    assert.equal(wide, false);
    await page.keyboard.press('Escape');
    assert.equal(await page.locator('.panel').isVisible(), false);
    await context.close();
  }
});

test('hostile mails do nothing and load nothing', async () => {
  assert.ok(hostile.length >= 500, String(hostile.length));
  const size = 60;
  for (let from = 0, number = 0; from < hostile.length; from += size, number += 1) {
    const parts = hostile.slice(from, from + size).map((html) => `<div>${html}</div>`);
    await mail(
      `mallory${number}@example.org`,
      `<img src=x onerror=parent.hacked()> ${number}`,
      `<p>start</p>${parts.join('\n')}`,
    );
  }
  const page = await stage.page();
  let hacked = 0;
  await page.exposeFunction('hacked', () => (hacked += 1));
  page.on('dialog', (dialog) => {
    hacked += 1;
    void dialog.dismiss();
  });
  await page.goto('/inbox?channel=email&q=mallory');
  const count = Math.ceil(hostile.length / size);
  await page.waitForFunction((count) => document.querySelectorAll('.items li').length === count, count);
  for (let place = 0; place < count; place += 1) {
    await page.locator('.items li a').nth(place).click();
    await page.getByRole('button', { name: 'Show as it looks' }).click();
    const frame = page.frameLocator('iframe');
    await frame.getByText('start', { exact: true }).waitFor();
    await page.waitForTimeout(150);
    assert.equal(
      await frame.locator('script, img, svg, iframe, form, style:not(:first-of-type), [onload], [onerror]').count(),
      0,
    );
  }
  assert.equal(hacked, 0);
  assert.ok(page.url().startsWith(stage.origin));
  stage.silence();
});
