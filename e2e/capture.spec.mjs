// What a visitor does on a site with our script, and what the ledger has of it afterwards. The site is strict: its
// content policy allows scripts of its own and of our server, and nothing inline.
import { strict as assert } from 'node:assert';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { chromium } from 'playwright-core';

const chromiums = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const binary = process.env.TOUCHLINE_BIN ?? fileURLToPath(new URL('../target/debug/touchline', import.meta.url));
// A browser without a window says so in its name, and would be marked as a machine.
const userAgent =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';

const page = (key, server) => `<!doctype html><title>Shop</title><script src="${server}/t.js?k=${key}"></script>
<script src="/app.js" defer></script><h1>Lamps</h1>
<button data-touchline="ask-price">Ask for a price</button>
<a id="out" href="https://partner.example/lamps?secret=1">Partner</a> <a id="file" href="/care.pdf">Care</a>
<form name="callback"><input name="phone" value="+33 1 23"><button id="send">Call me</button></form>
<button id="offers">Offers</button> <button id="sign-in">Sign in</button> <button id="buy">Buy</button>
<div id="tall"></div>`;

const app = `for (const id of ['out', 'file']) document.getElementById(id).addEventListener('click', (event) => event.preventDefault());
document.forms.callback.addEventListener('submit', (event) => event.preventDefault());
document.getElementById('offers').addEventListener('click', () => history.pushState({}, '', '/offers?utm_campaign=spring'));
document.getElementById('sign-in').addEventListener('click', () => touchline('identify', '42', { plan: 'gold' }));
document.getElementById('buy').addEventListener('click', () => touchline('outcome', 'order', { id: 1001, value: 12.5, currency: 'EUR' }));
document.getElementById('tall').style.height = '3000px';`;

let folder, data, server, address, site, origin, browser;
const keys = {};
const touchline = (...args) =>
  execFileSync(binary, [...args, '--data', data], { encoding: 'utf8', maxBuffer: 1 << 28 });

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'touchline-capture-'));
  data = join(folder, 'data');
  touchline('init', '--template', 'online-shop');
  for (const name of ['shop', 'careful']) {
    keys[name] = JSON.parse(touchline('source', 'add', name, '--kind', 'site', '--format', 'json')).write_key;
  }
  touchline('source', 'set', 'careful', 'cookieless=true');
  server = spawn(binary, ['serve', '--data', data, '--bind', '127.0.0.1:0', '--format', 'json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const line = await new Promise((found) => createInterface({ input: server.stdout }).once('line', found));
  address = JSON.parse(line).address;
  site = createServer((request, response) => {
    const isScript = request.url.startsWith('/app.js');
    response.setHeader(
      'content-security-policy',
      `default-src 'none'; script-src 'self' ${address}; connect-src ${address}`,
    );
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(
      isScript
        ? app
        : request.url === '/favicon.ico'
          ? ''
          : page(keys[request.url.split('/')[1]] ?? keys.shop, address),
    );
  });
  await new Promise((ready) => site.listen(0, '127.0.0.1', ready));
  origin = `http://127.0.0.1:${site.address().port}`;
  const executablePath = chromiums.find((path) => path && existsSync(path));
  // As a flag, because beacons of a page that is being closed do not bear the name that a context pretends.
  const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', `--user-agent=${userAgent}`];
  browser = await chromium.launch({ executablePath, args: flags });
});

after(async () => {
  await browser?.close();
  site?.close();
  server?.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

/** Opens a page as a visitor; `wish` asks for privacy as browsers do. Fails where the page complains. */
async function visit(path, { wish = false } = {}) {
  const context = await browser.newContext({ ...(wish ? { extraHTTPHeaders: { 'sec-gpc': '1' } } : {}) });
  if (wish)
    await context.addInitScript(() => Object.defineProperty(navigator, 'globalPrivacyControl', { value: true }));
  const visitor = await context.newPage();
  const complaints = [];
  visitor.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()));
  visitor.on('pageerror', (error) => complaints.push(String(error)));
  const sent = visitor.waitForResponse((response) => response.url() === `${address}/t`);
  await visitor.goto(origin + path);
  await sent;
  return { visitor, context, complaints };
}

const settled = (visitor) => visitor.waitForTimeout(700);

test('what a visitor does reaches the ledger once, and nothing of a form', async () => {
  const { visitor, context, complaints } = await visit('/');
  for (const target of ['[data-touchline]', '#out', '#file', '#send', '#offers', '#sign-in', '#buy', '#buy']) {
    await visitor.click(target);
  }
  await visitor.evaluate(() => scrollTo(0, 3000));
  await visitor.waitForTimeout(1200);
  assert.deepEqual(complaints, []);
  assert.equal(
    await visitor.evaluate(() => Object.keys(window).filter((name) => /touch(line|Line)/.test(name)).length),
    1,
  );
  assert.equal(await visitor.evaluate(() => localStorage.getItem('touchline').length), 32);
  // Leaving sends what is left, as a beacon.
  await visitor.goto('about:blank');
  await context.close();
});

test('the script is light, and not sent again to who has it', async () => {
  const path = `${address}/t.js?k=${keys.shop}`;
  const answer = await fetch(path);
  assert.ok(gzipSync(await answer.text()).length <= 3000);
  assert.equal(answer.headers.get('content-encoding'), 'gzip');
  const again = await fetch(path, { headers: { 'if-none-match': answer.headers.get('etag') } });
  assert.equal(again.status, 304);
  assert.equal((await fetch(`${address}/t.js?k=guess`)).status, 404);
});

test('a first failure is tried again, and counted once', async () => {
  const { visitor, context } = await visit('/');
  let failures = 0;
  await visitor.route(`${address}/t`, (route) => (failures++ ? route.continue() : route.abort()));
  await visitor.click('[data-touchline]');
  await visitor.waitForResponse((response) => response.url() === `${address}/t`, { timeout: 10_000 });
  assert.ok(failures >= 2);
  await context.close();
});

test('who asks for privacy, or visits a careful site, is given no name', async () => {
  for (const [path, look] of [
    ['/', { wish: true }],
    ['/careful', {}],
  ]) {
    const { visitor, context } = await visit(path, look);
    assert.equal(await visitor.evaluate(() => localStorage.getItem('touchline')), null, path);
    await settled(visitor);
    await context.close();
  }
});

test('the ledger has it all', async () => {
  const stopped = new Promise((ended) => server.once('exit', ended));
  server.kill('SIGTERM');
  await stopped;
  const lines = touchline('export', 'interactions', '--format', 'json', '--personal').trim().split('\n');
  const rows = lines.map((line) => JSON.parse(line)).sort((one, other) => one.at.localeCompare(other.at));
  const known = rows.filter((row) => row.source === 'shop' && row.known_by.includes('user'));
  const brief = known.map((row) => `${row.form} ${row.event}`).filter((text) => !text.endsWith('engagement'));
  assert.deepEqual(brief.sort(), [
    'click ask-price',
    'click outbound',
    'download download',
    'purchase order',
    'submission submit',
    'visit page',
    'visit page',
  ]);
  const order = known.find((row) => row.event === 'order');
  assert.deepEqual([order.value, order.currency], ['12.50', 'EUR']);
  assert.ok(known.some((row) => row.event === 'page' && row.campaign === 'spring' && row.place.endsWith('/offers')));
  assert.ok(
    known.some((row) => row.event === 'engagement' && row.props.scroll === 100),
    'it saw the bottom of the page',
  );
  assert.ok(
    !lines.join('').includes('+33 1 23') && !lines.join('').includes('secret=1'),
    'no value of a form, no query of a link',
  );
  assert.equal(rows.filter((row) => row.event === 'ask-price').length, 2, 'one each of two visitors');
  const nobody = rows.filter(
    (row) => row.known_by.length === 0 || !row.known_by.some((name) => ['user', 'anonymous'].includes(name)),
  );
  assert.equal(nobody.filter((row) => row.event === 'page').length, 2);
  assert.ok(
    nobody.every((row) => row.flags.includes('ephemeral')),
    JSON.stringify(nobody.map((row) => row.flags)),
  );
  assert.deepEqual(
    rows.filter((row) => row.flags.includes('bot')).map((row) => [row.event, row.props.bot]),
    [],
  );
});
