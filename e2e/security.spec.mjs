// What somebody meets who sends scripts where names and texts are expected: every page shows them as text, none runs.
import { strict as assert } from 'node:assert';
import { after, before, test } from 'node:test';
import { openStage } from './stage.mjs';

let stage;
before(async () => (stage = await openStage()));
after(() => stage.close());

/** Each would set `window.ran`, in one of the ways in which pages have been made to run what they should show. */
const payloads = [
  '<img src=x onerror="window.ran=1">',
  '<svg onload="window.ran=1">',
  '"><script>window.ran=1</script>',
  "';window.ran=1;//",
  '{{constructor.constructor("window.ran=1")()}}',
  'javascript:window.ran=1',
];

/** The pages that there are, by the rail and the parts of the settings. */
const pages = async (page) => {
  await page.goto('/');
  await page.getByRole('navigation').first().waitFor();
  const rooms = await page.locator('nav.rail a').evaluateAll((links) => links.map((link) => link.getAttribute('href')));
  const settings = ['members', 'programs', 'organisation', 'log'].map((part) => `/settings/${part}`);
  return [...new Set([...rooms, '/map?view=list', ...settings])];
};

test('what people send is shown and never run', async () => {
  const page = await stage.page();
  await page.goto('/');
  await page.getByRole('heading', { level: 1 }).waitFor();
  const made = await page.evaluate(async (payloads) => {
    const send = (method, path, body) =>
      fetch(path, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    const source = await (await send('POST', '/api/capture/sources', { name: 'hostile', kind: 'server' })).json();
    const key = source.write_key ?? source.source?.write_key;
    const statuses = [];
    for (const [index, text] of payloads.entries()) {
      const sent = await fetch('/v1/track', {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Basic ${btoa(`${key}:`)}` },
        body: JSON.stringify({
          userId: `${text} ${index}`,
          event: text,
          properties: { text, title: text, url: text, referrer: text, campaign: text },
          context: {
            page: { title: text, path: text, url: `https://example.org/${text}` },
            userAgent: text,
            campaign: { name: text, source: text },
          },
        }),
      });
      await fetch('/v1/identify', {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Basic ${btoa(`${key}:`)}` },
        body: JSON.stringify({
          userId: `${text} ${index}`,
          traits: { name: text, email: `${index}@example.org`, company: text },
        }),
      });
      const invited = await send('POST', '/api/account/members', {
        name: text,
        email: `m${index}@example.org`,
        role: 'viewer',
      });
      statuses.push(sent.status, invited.status);
    }
    const mine = await send('PUT', '/api/account', { name: payloads[0], email: '' });
    await send('POST', '/api/account/tokens', { name: payloads[0], role: 'viewer', scopes: ['read'], days: 1 });
    statuses.push(mine.status);
    return statuses;
  }, payloads);
  assert.ok(
    made.every((status) => status >= 200 && status < 300),
    made.join(' '),
  );
  // What arrives is flushed in the background; pages read the tail, so it is there at once.
  const tried = await pages(page);
  assert.ok(tried.length >= 7, tried.join(' '));
  for (const path of tried) {
    await page.goto(path ?? '/');
    await page.locator('main[aria-busy="false"]').waitFor();
    await page.waitForTimeout(200);
    assert.equal(await page.evaluate(() => window.ran), undefined, path ?? '');
    assert.equal(await page.locator('main script, main [onerror], main [onload]').count(), 0, path ?? '');
  }
  await page.goto('/settings/members');
  await page
    .getByText(payloads[0] ?? '')
    .first()
    .waitFor();
  stage.silence();
});

test('the first view asks little of the server', async () => {
  const page = await stage.page();
  const asked = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await page.goto('/');
  await page.getByRole('heading', { name: 'What to look at' }).waitFor();
  // The figures are the last thing that the view waits for; what comes after them only adds to it.
  const needed = asked.slice(0, asked.indexOf('/api/measure/map') + 1);
  assert.ok(needed.length >= 5 && needed.length <= 12, needed.join('\n'));
});
