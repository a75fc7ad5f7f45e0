// Measures large things in a real browser: a map of 200 and of 1,000 touchpoints drawn and panned, and a long list of people
// scrolled. It prints figures and fails where a frame takes longer than it may.
// Usage: node big.mjs [PEOPLE]; TOUCHLINE_BIN names the binary. A debug build of the server makes the waiting longer, not the frames.
import { strict as assert } from 'node:assert';
import { openStage } from './stage.mjs';

const people = process.argv[2];
/** A frame may take so long while somebody pans, in milliseconds. */
const frameMax = Number(process.env.FRAME_MAX ?? 50);
const stage = await openStage({ more: people ? ['--people', people] : [] });
let failed = false;

/** Makes the map of the organisation so large: copies of what it has, spread over its cells as they are. */
async function fill(page, count) {
  await page.evaluate(async (count) => {
    const desk = await (await fetch('/api/map/desk?variant=as_is')).json();
    const own = desk.map.touchpoints.filter((touchpoint) => !touchpoint.id.startsWith('big-'));
    const more = Array.from({ length: count - own.length }, (_, index) => {
      const like = own[index % own.length];
      return { ...like, id: `big-${index}`, name: `Touchpoint ${index}`, parent: null };
    });
    const map = { ...desk.map, touchpoints: [...own, ...more] };
    const answer = await fetch('/api/map', {
      method: 'PUT',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ base: desk.version, map, note: 'large' }),
    });
    if (!answer.ok) throw new Error(await answer.text());
  }, count);
}

/** Scrolls down by the wheel and tells how long frames took, in milliseconds: the middle one, the 95th of 100, the longest. */
async function pan(page, steps = 60) {
  await page.evaluate(() => {
    window.frames_ = [];
    let last = performance.now();
    const next = (now) => {
      window.frames_.push(now - last);
      last = now;
      window.panning = requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  });
  await page.mouse.move(700, 500);
  for (let step = 0; step < steps; step++) {
    await page.mouse.wheel(0, step < steps / 2 ? 120 : -120);
    await page.waitForTimeout(30);
  }
  const frames = await page.evaluate(() => {
    cancelAnimationFrame(window.panning);
    return window.frames_.slice(2).sort((a, b) => a - b);
  });
  const at = (share) => Math.round(frames[Math.min(frames.length - 1, Math.floor(frames.length * share))]);
  return { middle: at(0.5), late: at(0.95), longest: at(1) };
}

async function look(what, path, drawn, page) {
  const answers = [];
  page.on('requestfinished', (request) => answers.push(request.timing().responseEnd));
  const start = performance.now();
  await page.goto(path);
  await page.locator(drawn).first().waitFor();
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))));
  const after = Math.round(performance.now() - start);
  const waited = Math.round(Math.max(...answers));
  const nodes = await page.evaluate(() => document.getElementsByTagName('*').length);
  const frames = await pan(page);
  const ok = frames.late <= frameMax;
  failed ||= !ok;
  process.stdout.write(
    `${what.padEnd(34)} drawn ${after} ms (the server took ${waited}), ${nodes} nodes; frames ${frames.middle}/${frames.late}/${frames.longest} ms ${ok ? 'ok' : 'TOO SLOW'}\n`,
  );
  return after;
}

const page = await stage.page();
await page.goto('/map');
await page.locator('[data-spot]').first().waitFor();
for (const count of [200, 1_000]) {
  await fill(page, count);
  await look(`map of ${count}`, '/map', '[data-spot]', page);
  await look(`map of ${count}, edited`, '/map?edit=1', '[data-spot]', page);
  // Opening a card is what people do most: from the click to its name.
  const start = performance.now();
  await page.locator('[data-spot]').first().click();
  await page.locator('#card-name').waitFor();
  process.stdout.write(`  a card opens after ${Math.round(performance.now() - start)} ms\n`);
}
await look(`people${people ? ` (${people})` : ''}`, '/people', 'main [role="option"]', page);
await stage.close();
assert.ok(!failed, `a frame in twenty took longer than ${frameMax} ms`);
