// Takes a picture of every page in light and dark, in three languages, and on a phone: to be looked at.
// Usage: npm run screenshots [FOLDER [NAME…]]; with names only the pages whose name holds one of them.
import { mkdir } from 'node:fs/promises';
import { drawn, routes } from './routes.mjs';
import { openStage } from './stage.mjs';

const [folder = 'screenshots', ...names] = process.argv.slice(2);
const looks = [
  { name: 'light-en', language: 'en', theme: 'light' },
  { name: 'dark-en', language: 'en', theme: 'dark' },
  { name: 'light-fr', language: 'fr', theme: 'light' },
  { name: 'light-ru', language: 'ru', theme: 'light' },
  { name: 'phone-en', language: 'en', theme: 'light', width: 390, height: 844 },
  {
    name: 'phone-ru-dark',
    language: 'ru',
    theme: 'dark',
    width: 390,
    height: 844,
  },
];

/** Does what a person would have done before these pages show anything, and returns their addresses. */
async function furnish(page) {
  await page.goto('/map');
  return page.evaluate(async () => {
    const ask = async (method, path, body, type = 'application/json') => {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      const answer = await fetch(path, { method, headers: body ? { 'Content-Type': type } : {}, body: text });
      if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
      return answer.json();
    };
    const desk = await ask('GET', '/api/map/desk?variant=as_is');
    const [first, second, third, fourth, fifth] = desk.map.touchpoints
      .filter((touchpoint) => (touchpoint.class ?? 'customer') === 'customer')
      .map((touchpoint) => touchpoint.id);
    const story = (text, sentiment) => ({ text, sentiment });
    const change = (part, id, field, value) => ({ do: 'change', part, id, field, value });
    const stories = [
      story('I read it on the train, every Friday: it was the one mail that I kept.', 'positive'),
      story('Nobody had told me that the shop closes at noon.', 'negative'),
    ];
    const objectives = desk.map.objectives ?? [];
    const aims = {
      revenue: { measure: 'value', target: 20_000_000 },
      cost: { measure: 'cost_per_outcome', target: 1_200 },
      relationship: { measure: 'retention', target: 0.9 },
    };
    await ask('PATCH', '/api/map', {
      variant: 'as_is',
      base: desk.version,
      edits: [
        change('touchpoints', first, ['details', 'stories'], stories),
        ...objectives.map((one) => change('objectives', one.id, ['aim'], aims[one.kind])),
      ],
    });
    const step = (touchpoint, caption, emotion, more = {}) => ({
      step: { touchpoint, scene: { caption, emotion }, ...more },
    });
    const flow = {
      sequence: [
        step(first, 'An advertisement catches my eye on the way to work.', 1),
        step(second, 'I look around and compare, and ask a friend.', 0, { within_hours: 48 }),
        { choice: [step(third, 'I order on the telephone while I cook.', 1), step(fourth, '', 2)] },
        { optional: step(fifth, 'The parcel is late, and nobody can say where it is.', -2) },
      ],
    };
    await ask('PUT', '/api/improve/journeys/first-order?based_on=0', {
      id: 'first-order',
      name: 'The first order',
      goal: 'From the first look to a parcel in the hand',
      flow,
    });
    const rows = [
      'Date;Mail;Amount',
      '03.02.2025;ada@example.org;12,50',
      '04.02.2025;eve@example.org;n/a',
      '31.02.2025;bob@example.org;3,00',
      '',
    ];
    const file = await ask('POST', '/api/capture/imports?name=sales.csv', rows.join('\n'), 'application/octet-stream');
    const { people } = await ask('POST', '/api/people/list', { limit: 1 });
    return [
      ['designed-one', '/journeys/designed/first-order'],
      ['storyboard', '/journeys/designed/first-order?view=storyboard'],
      ['data-import', `/data/imports/${file.id}`],
      ['person', `/people/${people[0].person}`],
    ];
  });
}

await mkdir(folder, { recursive: true });
const stage = await openStage();
const furnisher = await stage.page();
const wanted = [...routes, ...(await furnish(furnisher))].filter(
  ([name]) => names.length === 0 || names.some((part) => name.includes(part)),
);
await furnisher.context().close();

for (const look of looks) {
  const page = await stage.page(look);
  for (const [name, path] of wanted) {
    await page.goto(path);
    await drawn(page);
    await page.evaluate(() => document.fonts.ready); // What parts ask for themselves comes a moment later.
    await page.waitForTimeout(400);
    await page.screenshot({
      path: `${folder}/${name}-${look.name}.png`,
      fullPage: true,
    });
  }
  await page.context().close();
}
const stranger = await stage.page({ signedIn: false });
await stranger.goto('/map');
await stranger.getByRole('heading', { level: 1 }).waitFor();
await stranger.screenshot({ path: `${folder}/signed-out.png` });
await stage.close();
if (stage.complaints.length > 0) process.stderr.write(`${stage.complaints.join('\n')}\n`);
