// What a visitor and the staff do in the inbox: ask, answer, be faster than each other, lose the network; and what hostile
// mails try.
import { strict as assert } from 'node:assert';
import { connect, createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { assertAccessible } from './axe.mjs';
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
  await staff.getByRole('button', { name: '+ Call or visit' }).click();
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

/** Resolves the conversation that a visitor has begun. */
async function resolve(text) {
  const staff = await stage.page();
  await staff.goto('/inbox');
  await staff.getByText(text).first().click();
  await staff.getByRole('log').getByText(text).first().waitFor();
  await staff.getByRole('button', { name: 'Resolve', exact: true }).click();
  await staff.getByText(/is resolved/).waitFor();
  await staff.context().close();
}

test('when it is resolved the widget asks one question after another, by keyboard, on a small phone, in both directions', async () => {
  const staff = await stage.page();
  await staff.goto('/feedback');
  const told = await staff.evaluate(async () => {
    const questions = [
      { kind: 'csat' },
      { kind: 'nps', optional: true },
      { kind: 'choice', words: 'What was it about?', many: true, options: [{ words: 'A parcel' }, { words: '<b>Money' }] },
      { kind: 'rater' },
    ];
    const body = JSON.stringify({ name: 'After a conversation', questions });
    const headers = { 'content-type': 'application/json' };
    return (await fetch('/api/feedback/surveys', { method: 'POST', headers, body })).status;
  });
  assert.equal(told, 201);
  const context = await stage.browser.newContext({ locale: 'en', baseURL: stage.origin, viewport: { width: 320, height: 640 } });
  const page = await context.newPage();
  await page.goto('/w/demo');
  await page.evaluate(() => (document.documentElement.dir = 'rtl'));
  await page.getByRole('button', { name: 'Talk to us' }).click();
  await page.locator('.talk textarea').fill('Where is my small parcel?');
  await page.keyboard.press('Enter');
  await page.getByRole('log').getByText('You ·').waitFor();
  await resolve('Where is my small parcel?');
  const asked = page.locator('.rate');
  await asked.getByRole('group', { name: 'How satisfied are you?' }).waitFor();
  await asked.getByText('Question 1 of 5').waitFor();
  await assertAccessible(page, 'a page with a question of the widget');
  await asked.getByRole('button', { name: '4 / 5' }).focus();
  await page.keyboard.press('Enter');
  const second = asked.getByRole('group', { name: /^How likely/ });
  await second.waitFor();
  const focused = await page.evaluate(() => document.querySelector('div').shadowRoot?.activeElement?.tagName ?? '');
  const inside = await page.locator('.rate legend').evaluate((legend) => legend.getRootNode().activeElement === legend);
  assert.ok(inside, `whoever hears the page goes on with the next question (${focused})`);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, 'eleven numbers fit');
  // The first answer counts from now on, whatever comes of the rest.
  await page.waitForTimeout(500);
  await staff.goto('/feedback');
  const card = staff.getByRole('article').filter({ hasText: 'After a conversation' });
  await card.getByText(/29 more are needed/).first().waitFor();
  // Nobody is asked the same again, after a reload neither.
  await page.reload();
  await page.getByRole('button', { name: /Talk to us/ }).click();
  await second.waitFor();
  await asked.getByRole('button', { name: 'Leave it out' }).click();
  await asked.getByRole('group', { name: 'What was it about?' }).waitFor();
  assert.equal(await asked.locator('b').count(), 0, 'an option is a text');
  await asked.getByRole('button', { name: 'Next' }).click();
  await page.getByText('Please choose or write an answer.').waitFor();
  await asked.getByLabel('A parcel').check();
  await asked.getByRole('button', { name: 'Next' }).click();
  const row = asked.getByRole('radiogroup').first();
  await row.waitFor();
  const wide = await asked.evaluate((form) => form.scrollWidth > form.clientWidth);
  assert.equal(wide, false, 'five rows of seven fit');
  await asked.getByRole('button', { name: 'No more questions' }).click();
  await page.getByText('Thank you for your answer!').waitFor();
  assert.equal(await asked.isVisible(), false);
  await page.reload();
  await page.getByRole('button', { name: /Talk to us/ }).click();
  await page.getByText('This conversation is done').waitFor();
  await page.waitForTimeout(300);
  assert.equal(await page.locator('.rate').isVisible(), false, 'who had enough is not asked again');
  await context.close();
  stage.silence();
});

test('a page that is read from right to left has the widget on the other side', async () => {
  const places = {};
  for (const dir of ['ltr', 'rtl']) {
    const page = await stage.page({ signedIn: false, width: 1000 });
    await page.goto('/w/demo');
    await page.getByRole('button', { name: 'Talk to us' }).waitFor();
    // As an application does when its reader chooses another language: after the widget is there.
    await page.evaluate((dir) => (document.documentElement.dir = dir), dir);
    await page.getByRole('button', { name: 'Talk to us' }).click();
    await page.locator('.talk textarea').fill('Shalom');
    await page.keyboard.press('Enter');
    await page.locator('.mine').waitFor();
    // A message is drawn again when its receipt comes: whoever asks at that moment asks once more.
    const box = async (selector) => {
      const one = page.locator(selector).first();
      return (await one.boundingBox()) ?? (await one.waitFor(), await page.waitForTimeout(100), one.boundingBox());
    };
    const [button, panel, close, mine, send] = await Promise.all(
      ['button.open', '.panel', '.close', '.mine p', '.talk .main'].map(box),
    );
    places[dir] = { button, panel, close, mine, send };
    await page.context().close();
  }
  for (const [name, { x, width }] of Object.entries(places.ltr)) {
    const mirrored = 1000 - x - width;
    // A scroll bar stands on the same side in both.
    assert.ok(Math.abs(places.rtl[name].x - mirrored) <= 16, `${name}: ${x} and ${places.rtl[name].x}`);
    assert.ok(Math.abs(x - places.rtl[name].x) > 40, `${name} is on the other side`);
  }
  stage.silence();
});

test('where the browser listens a message can be spoken, and nothing is sent before it is pressed', async () => {
  const page = await stage.page({ signedIn: false });
  await page.addInitScript(() => {
    window.SpeechRecognition = class extends EventTarget {
      start() {
        window.listener = this;
      }
      stop() {
        this.onend();
      }
    };
    delete window.webkitSpeechRecognition;
  });
  await page.goto('/w/demo');
  await page.getByRole('button', { name: 'Talk to us' }).click();
  const field = page.locator('.talk textarea');
  await field.fill('Hello,');
  const ear = page.getByRole('button', { name: 'Speak your message' });
  await ear.click();
  assert.equal(await ear.getAttribute('aria-pressed'), 'true');
  const hear = (...parts) =>
    page.evaluate(
      (parts) => window.listener.onresult({ results: parts.map((transcript) => [{ transcript }]) }),
      parts,
    );
  await hear('where is');
  await hear('where is my parcel');
  assert.equal(await field.inputValue(), 'Hello, where is my parcel');
  assert.equal(await page.evaluate(() => window.listener.lang.slice(0, 2)), 'en');
  await ear.click();
  assert.equal(await ear.getAttribute('aria-pressed'), 'false');
  assert.equal(await page.locator('.mine').count(), 0, 'nothing was sent');
  await page.keyboard.press('Enter');
  await page.getByRole('log').getByText('Hello, where is my parcel').waitFor();
  await ear.click();
  await page.evaluate(() => (window.listener.onerror({ error: 'not-allowed' }), window.listener.onend()));
  await page.getByText('Your browser does not let us listen.').waitFor();
  await page.context().close();
  const deaf = await stage.page({ signedIn: false });
  await deaf.addInitScript(() => {
    delete window.SpeechRecognition;
    delete window.webkitSpeechRecognition;
  });
  await deaf.goto('/w/demo');
  await deaf.getByRole('button', { name: 'Talk to us' }).click();
  await deaf.locator('.talk textarea').waitFor();
  assert.equal(await deaf.getByRole('button', { name: 'Speak your message' }).count(), 0, 'where it does not, there is no button');
  stage.silence();
});

test('the widget wears the colour, the name and the logo of the organisation, and stays readable', async () => {
  const staff = await stage.page();
  await staff.goto('/settings');
  const picture =
    'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
  // Nearly white: what stands on it must not be white.
  const colour = '#ffe600';
  const set = await staff.evaluate(
    async ([colour, logo]) => {
      const headers = { 'content-type': 'application/json' };
      const put = async (path, change) => {
        const before = await (await fetch(path)).json();
        const body = JSON.stringify(change(before));
        return (await fetch(path, { method: 'PUT', headers, body })).status;
      };
      return [
        await put('/api/organisation', (before) => ({ ...before, colour, logo })),
        await put('/api/conversations/settings', (before) => ({ ...before, widget: { ...before.widget, name: 'Tea & Co' } })),
      ];
    },
    [colour, picture],
  );
  assert.ok(
    set.every((status) => status < 300),
    String(set),
  );
  for (const scheme of ['light', 'dark']) {
    const context = await stage.browser.newContext({ locale: 'en', baseURL: stage.origin, colorScheme: scheme });
    const page = await context.newPage();
    await page.goto('/w/demo');
    const style = (selector, name) =>
      page.locator(selector).first().evaluate((one, name) => getComputedStyle(one)[name], name);
    await page.getByRole('button', { name: 'Talk to us' }).waitFor();
    assert.equal(await style('button.open', 'backgroundColor'), 'rgb(255, 230, 0)', 'before it is opened');
    assert.equal(await style('button.open', 'color'), 'rgb(0, 0, 0)');
    await page.getByRole('button', { name: 'Talk to us' }).click();
    await page.getByRole('heading', { name: 'Tea & Co' }).waitFor();
    await page.locator('header img').waitFor();
    assert.equal(await style('.panel header', 'backgroundColor'), 'rgb(255, 230, 0)');
    assert.equal(await style('.panel header', 'color'), 'rgb(0, 0, 0)');
    await page.locator('.talk textarea').fill('Hello');
    await page.keyboard.press('Enter');
    await page.locator('.mine').waitFor();
    await assertAccessible(page, `the widget in yellow, ${scheme}`);
    await context.close();
  }
  await staff.evaluate(async () => {
    const before = await (await fetch('/api/organisation')).json();
    const body = JSON.stringify({ ...before, colour: '', logo: '' });
    await fetch('/api/organisation', { method: 'PUT', headers: { 'content-type': 'application/json' }, body });
  });
  stage.silence();
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
