// Takes a picture of every page in light and dark, in three languages, and on a phone: to be looked at.
// Usage: npm run screenshots [FOLDER]
import { mkdir } from 'node:fs/promises';
import { drawn, routes } from './routes.mjs';
import { openStage } from './stage.mjs';

const folder = process.argv[2] ?? 'screenshots';
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

for (const look of looks) {
  const page = await stage.page(look);
  for (const [name, path] of routes) {
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
