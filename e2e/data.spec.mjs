// What somebody does who looks after the data: watches what arrives, binds what nobody claims and takes it back, mends what
// was refused, and enters what no machine reports, on a phone, with and without a line.
import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { after, afterEach, before, test } from 'node:test';
import { assertAccessible } from './axe.mjs';
import { openStage } from './stage.mjs';

let stage, page, key;
before(async () => {
  stage = await openStage();
  page = await stage.page();
  await page.goto('/data/sources');
  key = await page.evaluate(async () => (await (await fetch('/api/capture/sources')).json())[0].write_key);
});
after(() => stage.close());
afterEach(() => stage.silence());

/** Sends events as a client of the source does. */
async function send(...batch) {
  const answer = await fetch(`${stage.origin}/v1/batch`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${key}:`)}`, 'content-type': 'application/json' },
    body: JSON.stringify({ batch }),
  });
  assert.equal(answer.status, 200);
}
const track = (event, more = {}) => ({
  type: 'track',
  event,
  userId: 'u-1',
  messageId: `${event}-${Math.random()}`,
  ...more,
});

test('what arrives is seen at once, and nothing is lost by a break of the line', async () => {
  await page.goto('/data');
  await page.getByText('Listening').waitFor();
  await send(track('Window Shopped'));
  await page.getByText('Window Shopped').waitFor();
  await page.context().setOffline(true);
  await send(track('Missed Meanwhile'));
  await page.waitForTimeout(300);
  await page.context().setOffline(false);
  await page.getByText('Missed Meanwhile').waitFor();
  assert.equal(await page.getByText('Window Shopped').count(), 1, 'nothing is told twice');
  stage.forgive(/ERR_INTERNET_DISCONNECTED|ERR_NETWORK/);
});

test('a signal that nobody claims is bound by one press, and taken back', async () => {
  await send(track('Kite Flown'), track('Kite Flown'));
  await page.goto('/data/signals');
  await page
    .getByRole('link', { name: /Kite Flown/ })
    .first()
    .click();
  await page.waitForURL(/\/data\/signals\/\d+/);
  const section = page.getByRole('region', { name: 'Bind' });
  await section.getByLabel('Touchpoint').selectOption({ index: 1 });
  await section.getByRole('row', { name: /No touchpoint/ }).waitFor();
  await section.getByRole('button', { name: 'Bind' }).click();
  const undo = page.getByRole('button', { name: 'Undo' });
  await undo.waitFor();
  await page
    .getByRole('link', { name: /Kite Flown/ })
    .first()
    .waitFor({ state: 'detached' });
  await undo.click();
  await page
    .getByRole('link', { name: /Kite Flown/ })
    .first()
    .waitFor();
});

test('what was refused is mended where the fault is, and read again', async () => {
  await send({ type: 'track', event: '', userId: 'u-2', messageId: 'broken-1' });
  await page.goto('/data/quarantine');
  await page.locator('tbody a').first().click();
  const editor = page.getByLabel('The event as it came');
  const text = await editor.inputValue();
  await editor.fill(text.slice(0, -2));
  await page.getByText(/It breaks off at line/).waitFor();
  assert.ok(await page.getByRole('button', { name: 'Read it again', exact: true }).isDisabled());
  await editor.fill(JSON.stringify({ ...JSON.parse(text), event: 'Mended Event' }));
  await page.getByRole('button', { name: 'Read it again', exact: true }).click();
  await page.getByText(/Taken: 1 new/).waitFor();
  await page.goto('/data');
  await page.getByText('Mended Event').waitFor();
});

test('a source is made, its snippet names it, and its settings can be taken back', async () => {
  await page.goto('/data/sources');
  await page.getByRole('button', { name: 'Add a source' }).click();
  await page.getByLabel('Name').fill('till-9');
  await page.getByRole('dialog').getByLabel('Where it runs').selectOption('server');
  await page.getByRole('dialog').getByRole('button', { name: 'Add a source' }).click();
  await page.waitForURL('**/data/sources/till-9');
  await page.getByText('/v1/track').waitFor();
  await page.getByLabel('Keep interactions, days').fill('30');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.waitForFunction(() => document.querySelector('form input[inputmode=numeric]')?.value === '');
});

test('a visit is entered on a phone without a line, survives a reload, and arrives once', async () => {
  const phone = await stage.page({ width: 390, height: 844 });
  await phone.goto('/data/by-hand');
  await phone.getByText('Everything is sent.').waitFor();
  await phone.route('**/api/capture/interactions', (route) => route.abort());
  await phone.getByRole('button', { name: 'Visit', exact: true }).click();
  await phone.getByLabel('With whom').fill('ada@example.org');
  await phone.getByRole('button', { name: 'Enter' }).click();
  await phone.getByText('1 entry waits').waitFor();
  await phone.reload();
  await phone.getByText('1 entry waits').waitFor();
  assert.ok(await phone.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing sticks out');
  await phone.unroute('**/api/capture/interactions');
  await phone.reload();
  await phone.getByText('Everything is sent.').waitFor();
  await phone.context().close();
  stage.forgive(/ERR_FAILED/);
  await page.goto('/data');
  const entered = page.locator('ol li', { hasText: 'By hand' });
  await entered.waitFor();
  assert.equal(await entered.count(), 1);
});

const orders = [
  'Number;Date;E-Mail;total;Remark',
  'A-1;03.02.2025;ada@example.org;1.250,50;',
  'A-2;04.02.2025;eve@example.org;12,00;gift',
  'A-3;31.02.2025;bob@example.org;2,00;=1+1',
  '',
].join('\n');
const choose = (text, name = 'orders.csv') =>
  page.getByLabel(/Choose a file/).setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(text) });

test('a file is chosen, its columns are named, its rows are seen before and counted after', async () => {
  await page.goto('/data/imports');
  await page.getByText('No file was brought in here yet').waitFor();
  await choose(orders);
  await page.waitForURL(/\/data\/imports\/[0-9a-f]+/);
  const rows = page.getByRole('region', { name: /The first rows/ });
  await rows.getByText('EUR 1,250.50').waitFor();
  await rows.getByText('refused').first().waitFor();
  // Without a number of its own a row is known by its content; here the order has one.
  await page.getByText(/No column numbers the rows/).waitFor();
  await page.getByLabel('Number of the row').selectOption('Number');
  await page.getByText(/No column numbers the rows/).waitFor({ state: 'detached' });
  await page.getByLabel('Currency').fill('chf');
  await page.getByLabel('Currency').blur();
  await rows.getByText('CHF 1,250.50').waitFor();
  await page.getByRole('tab', { name: 'As text' }).click();
  assert.match(await page.getByLabel('Mapping', { exact: true }).last().inputValue(), /currency = "CHF"/);
  await page.getByLabel('Mapping', { exact: true }).last().fill('source = "till"\n[time]\ncolumn = "Dat"\n');
  await page.getByRole('button', { name: 'Preview' }).click();
  await page.getByText(/Did you mean “Date”/).waitFor();
  assert.ok(await page.getByRole('button', { name: 'Import the whole file' }).isDisabled());
  stage.forgive(/400/);
  await page.reload();
  await page.getByRole('tab', { name: 'As a form' }).click();
  await page.getByLabel('Number of the row').selectOption('Number');
  await page.getByText(/No column numbers the rows/).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Import 2 interactions' }).click();
  await page.getByRole('link', { name: 'Bind its signals' }).waitFor();
  const sum = (name) =>
    page
      .locator('dl div', { has: page.getByText(name, { exact: true }) })
      .locator('dd')
      .innerText();
  assert.deepEqual([await sum('Added'), await sum('There already'), await sum('Refused rows')], ['2', '0', '1']);
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Download refused rows' }).click(),
  ]);
  const rejected = readFileSync(await download.path(), 'utf8');
  assert.match(rejected, /'=1\+1/, 'no spreadsheet takes it for a formula');

  await page.goto('/data/imports');
  await choose(orders);
  await page.getByRole('button', { name: 'Import 2 interactions' }).click();
  await page.getByText('Nothing is new: all of it was there already.').waitFor();
  await page.goto('/data/imports');
  await choose(rejected.replace('31.02', '28.02'), 'orders.csv.rejected.csv');
  await page.getByRole('button', { name: 'Import 1 interaction' }).click();
  await page.getByRole('link', { name: 'Bind its signals' }).waitFor();
  assert.equal(await sum('Added'), '1');
  assert.equal(await page.locator('tbody a[href^="/data/imports/"]').count(), 3, 'the history has all three');
});

test('a column with a bad value in three keeps its role, and the bad cell is marked in every language', async () => {
  const sales = [
    'Date;Mail;Amount',
    '03.02.2025;ada@example.org;12,50',
    '04.02.2025;eve@example.org;n/a',
    '05.02.2025;bob@example.org;3,00',
    '',
  ];
  await page.goto('/data/imports');
  await choose(sales.join('\n'), 'sales.csv');
  await page.waitForURL(/\/data\/imports\/[0-9a-f]+/);
  const rows = page.getByRole('region', { name: /The first rows/ });
  await rows.getByText('EUR 12.50').waitFor();
  assert.equal(await page.getByLabel('Amount', { exact: true }).first().inputValue(), 'Amount');
  await rows.getByText('“Amount” is not an amount').waitFor();
  assert.match(await rows.locator('mark').innerText(), /^n\/a/);
  await assertAccessible(page, 'a marked cell');
  for (const [language, sentence] of [
    ['fr', /«\sAmount\s» n’est pas un montant/],
    ['ru', /«Amount»: это не сумма/],
  ]) {
    const reader = await stage.page({ language });
    await reader.goto(new URL(page.url()).pathname);
    await reader.locator('table').first().getByText(sentence).waitFor();
    await reader.context().close();
  }
  await page.getByRole('button', { name: 'Delete this file' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete this file' }).click();
  await page.waitForURL('**/data/imports');
});

test('a mapping that does not fit, a remark and an entry that cannot be are told in every language', async () => {
  await page.goto('/data/imports');
  // Its name says Parquet, it holds text: a remark.
  await choose(orders, 'orders.parquet');
  await page.waitForURL(/\/data\/imports\/[0-9a-f]+/);
  const path = new URL(page.url()).pathname;
  for (const { language, tried, remark, misspelt, choice, entered, refused } of [
    {
      language: 'fr',
      tried: 'Aperçu',
      remark: /n’est pas ce que dit son nom\s: c’est du CSV/,
      misspelt: /n’a pas de colonne «\sDat\s». Est-ce «\sDate\s»\s\?/,
      choice: /\[time\] a besoin d’un seul parmi/,
      entered: 'Enregistrer',
      refused: /La valeur n’est pas un montant/,
    },
    {
      language: 'ru',
      tried: 'Предпросмотр',
      remark: /не то, что говорит его имя: это CSV/,
      misspelt: /нет столбца «Dat». Может быть, «Date»\?/,
      choice: /В \[time\] нужно ровно одно из/,
      entered: 'Записать',
      refused: /Ценность — не сумма/,
    },
  ]) {
    const reader = await stage.page({ language, width: 390, height: 844 });
    await reader.goto(`${path}?mapping=text`);
    await reader.getByText(remark).waitFor();
    const text = reader.locator('textarea');
    for (const [mapping, told] of [
      ['source = "t"\n[time]\ncolumn = "Dat"\n', misspelt],
      ['source = "t"\n[time]\n', choice],
    ]) {
      await text.fill(mapping);
      await reader.getByRole('button', { name: tried }).click();
      await reader.getByText(told).waitFor();
    }
    assert.ok(await reader.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing sticks out');
    await reader.goto('/data/by-hand?what=purchase');
    await reader.locator('input[inputmode=decimal]').fill('much');
    await reader.getByRole('button', { name: entered }).click();
    await reader.getByText(refused).waitFor();
    await reader.context().close();
  }
  stage.forgive(/400/);
  await page.getByRole('button', { name: 'Delete this file' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete this file' }).click();
  await page.waitForURL('**/data/imports');
});

test('a file that waits is looked at on a phone, in three languages, and thrown away', async () => {
  await page.goto('/data/imports');
  await choose(orders, 'waiting.csv');
  await page.waitForURL(/\/data\/imports\/[0-9a-f]+/);
  const path = new URL(page.url()).pathname;
  for (const look of [
    { theme: 'dark' },
    { language: 'fr', width: 320 },
    { language: 'ru', width: 320, theme: 'dark' },
  ]) {
    const reader = await stage.page({ height: 800, ...look });
    for (const address of ['/data/imports', path, `${path}?mapping=text`]) {
      await reader.goto(address);
      await reader.locator('main[aria-busy="false"] h1').waitFor();
      await reader.waitForTimeout(900);
      await assertAccessible(reader, `${address} ${JSON.stringify(look)}`);
      assert.ok(
        await reader.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
        `${address} sticks out`,
      );
    }
    await reader.context().close();
  }
  await page.getByRole('button', { name: 'Delete this file' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete this file' }).click();
  await page.waitForURL('**/data/imports');
  await page.getByRole('row', { name: /waiting.csv.*discarded/ }).waitFor();
});

test('every part is accessible, in light and dark', async () => {
  for (const theme of ['light', 'dark']) {
    const reader = await stage.page({ theme });
    for (const part of [
      '',
      '/signals',
      '/signals?tab=dark',
      '/signals?tab=channels',
      '/sources/site',
      '/imports',
      '/quarantine',
      '/by-hand',
      '/by-hand?what=purchase',
      '/tags',
      '/hooks',
      '/feeds',
    ]) {
      await reader.goto(`/data${part}`);
      await reader.locator('main[aria-busy="false"] h1').waitFor();
      await reader.waitForLoadState('load');
      await reader.waitForTimeout(400);
      await assertAccessible(reader, `/data${part} in ${theme}`);
    }
    await reader.context().close();
  }
});
