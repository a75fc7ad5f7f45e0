// What answers by itself, and what brings messages from elsewhere: a signed message arrives in the inbox and its answer goes out
// to a server of the test; an article is written, found on the public page and put into an answer; a visitor talks to the bot and
// reaches a person.
import { strict as assert } from 'node:assert';
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { assertAccessible } from './axe.mjs';
import { openStage } from './stage.mjs';

let stage;
let own;
const taken = [];

before(async () => {
  own = createServer((request, response) => {
    let body = '';
    request.on('data', (data) => (body += data));
    request.on('end', () => {
      taken.push({ headers: request.headers, raw: body, body: JSON.parse(body) });
      response.end('{}');
    });
  });
  await new Promise((done) => own.listen(0, '127.0.0.1', done));
  stage = await openStage({ more: ['--people', '2000', '--inside', `127.0.0.1:${own.address().port}`] });
});
after(async () => {
  await stage.close();
  own.close();
});

/** Signs as Standard Webhooks does. */
function signed(secret, id, body) {
  const moment = String(Math.floor(Date.now() / 1000));
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${moment}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': moment, 'webhook-signature': `v1,${signature}` };
}

const until = async (what) => {
  for (let tries = 0; tries < 100; tries += 1) {
    const found = what();
    if (found) return found;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error('it did not come');
};

test('a channel is set up, a signed message comes in, and the answer goes out signed', async () => {
  const staff = await stage.page();
  await staff.goto('/inbox');
  await staff.getByRole('link', { name: 'Channels and answers' }).click();
  await staff.getByRole('button', { name: '+ Own system' }).click();
  await staff.getByLabel('Name').fill('Our app');
  await staff.getByLabel('Where messages are sent to').fill('http://169.254.169.254/latest');
  await staff.getByRole('button', { name: 'Save' }).click();
  await staff.getByText('An address begins with https://').waitFor();
  await staff.getByLabel('Where messages are sent to').fill(`http://127.0.0.1:${own.address().port}/out`);
  await staff.getByRole('button', { name: 'Save' }).click();
  const codes = staff.getByRole('region', { name: 'Address' }).locator('code');
  const [address, secret] = [await codes.nth(0).textContent(), await codes.nth(1).textContent()];
  await staff.reload();
  await staff.getByText('Our app').waitFor();
  assert.equal((await staff.content()).includes(secret), false, 'a secret is shown once');
  stage.forgive(/400/);

  const body = JSON.stringify({ thread: 't1', from: { id: 'u1', name: 'Nadia' }, text: 'Is the workshop full?' });
  const path = new URL(address).pathname;
  assert.equal((await fetch(stage.origin + path, { method: 'POST', body })).status, 401);
  const answered = await fetch(stage.origin + path, { method: 'POST', body, headers: signed(secret, 'm1', body) });
  assert.equal(answered.status, 200);
  await staff.goto('/inbox?channel=messenger');
  await staff.getByText('Is the workshop full?').click();
  await staff.getByLabel('Answer', { exact: true }).fill('Two places are left.');
  await staff.getByText('20 of 10,000').waitFor();
  await staff.keyboard.press('Control+Enter');
  const { headers, raw, body: got } = await until(() => taken.find((one) => one.body.type === 'message'));
  assert.deepEqual([got.thread, got.text], ['t1', 'Two places are left.']);
  const [id, moment] = [headers['webhook-id'], headers['webhook-timestamp']];
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const expected = createHmac('sha256', key).update(`${id}.${moment}.${raw}`).digest('base64');
  assert.equal(headers['webhook-signature'], `v1,${expected}`);
  await staff.getByRole('log').getByText('sent', { exact: true }).waitFor();
  stage.silence();
});

test('an article is written, read by everybody, suggested and inserted', async () => {
  const staff = await stage.page();
  await staff.goto('/answers/articles');
  await staff.getByRole('button', { name: '+ Article' }).click();
  const english = staff.getByRole('group', { name: 'English' });
  await english.getByLabel('Title').fill('Can I book the pottery workshop?');
  await english.getByLabel('Text').fill('Every Friday.\n\n- bring an apron\n- be there at six');
  await english.getByLabel('In one or two sentences').fill('Pottery is every Friday at six; book by mail.');
  await staff.getByLabel('Published').check();
  await staff.getByRole('button', { name: 'Save' }).click();
  await staff.getByText('Saved.').waitFor();

  const reader = await stage.page({ signedIn: false });
  await reader.goto('/help');
  await reader.getByLabel('Your question').fill('pottery workshops');
  await reader.getByRole('button', { name: 'Find' }).click();
  await reader.getByRole('link', { name: 'Can I book the pottery workshop?' }).click();
  await reader.getByText('bring an apron').waitFor();
  await reader.getByRole('button', { name: 'Yes' }).click();
  await reader.getByText('Thank you!').waitFor();

  const visitor = await stage.page({ signedIn: false });
  await visitor.goto('/w/demo');
  await visitor.getByRole('button', { name: 'Talk to us' }).click();
  await visitor.locator('.talk textarea').fill('How do I book pottery?');
  await visitor.locator('.talk textarea').press('Enter');
  await visitor.getByRole('log').getByText('You ·').waitFor();
  await staff.goto('/inbox');
  await staff.getByText('How do I book pottery?').click();
  await staff.getByText('1 article may answer this').click();
  await staff.getByRole('button', { name: 'Insert' }).click();
  assert.match(await staff.getByLabel('Answer', { exact: true }).inputValue(), /Pottery is every Friday.*\n.*\/help\//);
  await staff.keyboard.press('Control+Enter');
  await visitor.getByRole('log').getByText('Pottery is every Friday').waitFor();
  stage.silence();
});

test('a visitor talks to the bot by buttons and reaches a person with everything said', async () => {
  const staff = await stage.page();
  await staff.goto('/answers/bot');
  await staff.getByLabel('The bot answers').check();
  await staff.getByRole('button', { name: 'Save' }).click();
  await staff.getByText('Saved; it holds from now on.').waitFor();
  const visitor = await stage.page({ signedIn: false });
  await visitor.goto('/w/demo');
  await visitor.getByRole('button', { name: 'Talk to us' }).click();
  const log = visitor.getByRole('log');
  await visitor.locator('.talk textarea').fill('Good morning');
  await visitor.locator('.talk textarea').press('Enter');
  await log.getByText('Hello! What is it about?').waitFor();
  await log.getByRole('button', { name: 'I have a question' }).click();
  await log.getByText('What would you like to know?').waitFor();
  await visitor.locator('.talk textarea').fill('How do I return something?');
  await visitor.locator('.talk textarea').press('Enter');
  await log.getByText('You have 30 days').waitFor();
  await log.getByRole('button', { name: 'A person, please' }).click();
  await log.getByText('One of us will go on').waitFor();
  await staff.goto('/inbox?q=One of us');
  await staff.locator('.items li a').first().click();
  await staff.getByRole('log').getByText('Bot handed over to people').waitFor();
  await staff.getByRole('log').getByText('Good morning').waitFor();
  await staff.goto('/answers/bot');
  await staff.getByText('Handed over').waitFor();
  await staff.getByLabel('The bot answers').uncheck();
  await staff.getByRole('button', { name: 'Save' }).click();
  await staff.getByText('Saved; it holds from now on.').waitFor();
  stage.silence();
});

test('a voice gets an address, is answered from the articles, and not at the address of before', async () => {
  const staff = await stage.page();
  await staff.goto('/answers/voice');
  await staff.getByRole('button', { name: 'Create an address' }).click();
  await staff.getByText('voices are answered from now on').waitFor();
  const code = staff.getByRole('region', { name: 'Address for the voice' }).locator('code');
  const path = new URL(await code.textContent()).pathname;
  await staff.getByText('What it is to listen for (JSON)').click();
  await staff.getByText('"invocationName": "our shop"').waitFor();
  const ask = (at, id) =>
    fetch(stage.origin + at, {
      method: 'POST',
      body: JSON.stringify({ id, question: 'Can I book pottery?', language: 'en' }),
    });
  assert.match((await (await ask(path, 'q1')).json()).text, /^Pottery is every Friday/);
  await staff.getByRole('button', { name: 'Create a new address' }).click();
  await staff.getByText('the old one is not answered any more').waitFor();
  assert.equal((await ask(path, 'q2')).status, 404);
  assert.equal((await ask(new URL(await code.textContent()).pathname, 'q3')).status, 200);
  stage.silence();
});

test('a mailbox is tried before it is kept, and what goes wrong is said in plain words', async () => {
  const staff = await stage.page();
  await staff.goto('/answers/mail');
  await staff.getByLabel('Address that customers write to').fill('help@shop.example');
  await staff.getByLabel('Name beside it').click();
  const incoming = staff.getByRole('group', { name: 'Incoming mail' });
  const outgoing = staff.getByRole('group', { name: 'Outgoing mail' });
  assert.equal(await incoming.getByLabel('Server and port').inputValue(), 'imap.shop.example:993');
  assert.equal(await outgoing.getByLabel('User').inputValue(), 'help@shop.example');
  // A web server is no mail server, and nothing inside is reached that was not named.
  await incoming.getByLabel('Server and port').fill(`127.0.0.1:${own.address().port}`);
  await incoming.getByLabel('Encryption').selectOption('tls');
  await incoming.getByLabel('Password').fill('s3cret-marker');
  await outgoing.getByLabel('Server and port').fill('127.0.0.1:1');
  await staff.getByRole('button', { name: 'Try it' }).click();
  const came = staff.getByRole('list', { name: 'What came of the try' });
  await came.getByText('The line could not be encrypted.').waitFor();
  await came.getByText('This server is inside your own network.').waitFor();
  await staff.getByRole('button', { name: 'Save' }).click();
  await staff.getByText('Saved; it holds from now on.').waitFor();
  await staff.reload();
  await staff.getByLabel('Address that customers write to').waitFor();
  assert.equal(await incoming.getByLabel('Password').inputValue(), '');
  const told = await staff.evaluate(() => fetch('/api/conversations/settings').then((got) => got.text()));
  assert.equal(told.includes('s3cret-marker'), false, 'a password is never shown again');
  stage.silence();
});

test('the pages fit a telephone in three languages and both themes', async () => {
  for (const [language, theme] of [
    ['en', 'light'],
    ['fr', 'dark'],
    ['ru', 'light'],
  ]) {
    const page = await stage.page({ language, theme, width: 320, height: 700 });
    for (const tab of ['channels', 'mail', 'articles', 'bot', 'voice']) {
      await page.goto(`/answers/${tab}`);
      await page.locator('.room form, .room ul, .room ol').first().waitFor();
      assert.equal(
        await page.evaluate(() => document.documentElement.scrollWidth > innerWidth),
        false,
        `${language} ${tab}`,
      );
    }
    await page.close();
  }
  stage.silence();
});

test('a team is closed, and an agent outside sees nothing of what it looks after', async () => {
  const staff = await stage.page();
  await staff.goto('/answers/teams');
  await staff.getByText('There are no teams').waitFor();
  await staff.getByRole('button', { name: '+ Team' }).click();
  await staff.getByLabel('Name').fill('Claims');
  await staff.getByLabel('Closed').check();
  await staff.getByRole('button', { name: 'Save' }).click();
  await staff.getByText('Claims', { exact: true }).waitFor();
  await staff.goto('/inbox?view=all');
  const list = await staff.evaluate(() => fetch('/api/conversations?view=all').then((got) => got.json()));
  const [first] = list.conversations;
  await staff.goto(`/inbox/${first.id}`);
  await staff.getByLabel('Team').selectOption({ label: 'Claims (closed)' });
  await staff.getByRole('log').getByText('to the team Claims').waitFor();

  const invited = await staff.evaluate(async () => {
    const body = JSON.stringify({ name: 'Otto', email: 'otto@example.org', role: 'agent' });
    const headers = { 'content-type': 'application/json' };
    return (await fetch('/api/account/members', { method: 'POST', headers, body })).json();
  });
  const agent = await stage.page({ signedIn: false });
  await agent.goto(`/#token=${invited.token}`);
  await agent.getByRole('heading', { level: 1 }).first().waitFor();
  const answered = (path) =>
    agent.evaluate((at) => fetch(at).then(async (got) => [got.status, await got.text()]), path);
  await agent.goto('/inbox?view=all');
  await agent.getByRole('heading', { name: 'Inbox' }).waitFor();
  assert.equal(await agent.locator(`a[href*="${first.id}"]`).count(), 0);
  assert.deepEqual(
    await answered(`/api/conversations/${first.id}`),
    await answered('/api/conversations/0123456789abcdef0123456789abcdef'),
  );
  await agent.goto(`/inbox/${first.id}`);
  await agent.getByText('There is no such conversation').first().waitFor();
  stage.forgive(/404/);
});

test('a customer asks in public, the company answers, and others find it before they ask', async () => {
  const staff = await stage.page();
  await staff.goto('/answers/community');
  const waiting = staff.getByRole('article', { name: 'Can I order a single cup of the set?' });
  await waiting.getByLabel('Answer as the company').fill('Yes: write to us with its number.');
  await waiting.getByRole('button', { name: 'Answer publicly' }).click();
  await waiting.getByText('our answer').waitFor();

  const visitor = await stage.page({ signedIn: false });
  await visitor.goto('/community');
  await visitor.getByRole('link', { name: 'Ask or answer' }).click();
  await visitor.getByLabel('Your e-mail address').fill('kim@example.org');
  await visitor.getByRole('button', { name: 'Send me a link' }).click();
  await visitor.getByText('a link is on its way').waitFor();
  const letters = () => staff.evaluate(() => fetch('/api/conversations/mail').then((got) => got.json()));
  let letter;
  for (let tries = 0; tries < 100 && !letter; tries += 1) {
    letter = (await letters()).letters.find((one) => one.recipient === 'kim@example.org');
    if (!letter) await new Promise((done) => setTimeout(done, 200));
  }
  const [, path] = /(\/p\/community\/\S+)/.exec(letter.text);
  await visitor.goto(path);
  await visitor.getByLabel('Your name, as everybody will see it').fill('Kim');
  await visitor.getByRole('button', { name: 'Go on' }).click();
  await visitor.getByLabel('Your question in a line').fill('Is a single cup of the set to be had?');
  await visitor.getByRole('button', { name: 'See whether it is answered' }).click();
  await visitor.getByRole('link', { name: 'Can I order a single cup of the set?' }).waitFor();
  await assertAccessible(visitor, 'before asking');
  await visitor.getByRole('button', { name: 'That answers it' }).first().click();
  await visitor.getByText('Good to hear!').waitFor();
  await staff.reload();
  await staff.getByText('1 too recent to tell').waitFor();
});
