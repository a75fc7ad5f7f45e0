// Takes a picture of every page in light and dark, in three languages, and on a phone: to be looked at.
// Usage: npm run screenshots [FOLDER]
import { mkdir } from 'node:fs/promises';
import { openStage } from './stage.mjs';

const folder = process.argv[2] ?? 'screenshots';
const named = [
  ['conversion', '/map?overlay=conversion'],
  ['list', '/map?view=list'],
  ['card', '/map/newsletter'],
  ['signals', '/data/signals'],
  ['sources', '/data/sources/site'],
  ['quarantine', '/data/quarantine'],
  ['by-hand', '/data/by-hand'],
  ['settings-members', '/settings/members'],
  ['settings-programs', '/settings/programs'],
  ['settings-organisation', '/settings/organisation'],
  ['settings-log', '/settings/log'],
];
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

await mkdir(folder, { recursive: true });
const stage = await openStage();

/** Every room of the rail, so that a new one is pictured too, and then the places inside of rooms. */
async function everyPage() {
  const page = await stage.page();
  await page.goto('/');
  await page.locator('nav a').first().waitFor();
  const rooms = await page
    .locator('nav.rail li > a')
    .evaluateAll((links) => links.map((link) => link.getAttribute('href')));
  await page.context().close();
  return [...rooms.map((path) => [path === '/' ? 'overview' : path.slice(1).split('?')[0], path]), ...named];
}
const pages = await everyPage();
for (const look of looks) {
  const page = await stage.page(look);
  for (const [name, path] of pages) {
    await page.goto(path);
    await page.locator('main[aria-busy="false"] :is(h1, h2):visible').first().waitFor();
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
