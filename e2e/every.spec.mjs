// What holds for every page, whoever made it: it is accessible in each theme and language, nothing sticks out at 320 px, and
// it can be walked by keyboard from the first control to the last and back out.
import { strict as assert } from 'node:assert';
import { readdir, readFile } from 'node:fs/promises';
import { after, afterEach, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { assertAccessible } from './axe.mjs';
import { drawn, routes } from './routes.mjs';
import { openStage } from './stage.mjs';

let stage;
before(async () => (stage = await openStage()));
after(() => stage.close());
afterEach(() => stage.silence());

const looks = ['en', 'fr', 'ru'].flatMap((language) => ['light', 'dark'].map((theme) => ({ language, theme })));

test('the list of routes names every page there is', async () => {
  const features = fileURLToPath(new URL('../web/src/features', import.meta.url));
  const files = (await readdir(features, { recursive: true })).filter((name) => /(^|\/)[\w.]*page\.ts$/.test(name));
  assert.ok(files.length > 10, 'the manifests are found');
  const open = ['/sign-in', '/p/share'];
  for (const file of files) {
    const path = /path: '([^']+)'/.exec(await readFile(`${features}/${file}`, 'utf8'))?.[1];
    const root = path?.split('/:')[0] || '/';
    const isListed = routes.some(([, route]) => route.split('?')[0] === root || route.startsWith(`${root}/`));
    assert.ok(isListed || open.includes(root), `${file}: ${path} is not in routes.mjs`);
  }
});

for (const { language, theme } of looks) {
  test(`every page is accessible in ${language}, ${theme}`, async () => {
    const page = await stage.page({ language, theme });
    for (const [, path] of routes) {
      await page.goto(path);
      await drawn(page);
      await assertAccessible(page, `${path} ${language} ${theme}`);
    }
    await page.context().close();
  });
}

test('nothing sticks out of a small telephone, in any language, and it is accessible there', async () => {
  const wide = [];
  for (const language of ['en', 'fr', 'ru']) {
    const page = await stage.page({ language, width: 320, height: 700 });
    for (const [, path] of routes) {
      await page.goto(path);
      await drawn(page);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      if (width > 320) wide.push(`${path} ${language}: ${width} px`);
      // What is hidden, unfolded or stacked there is the same in each language.
      if (language === 'ru') await assertAccessible(page, `${path} at 320 px`);
    }
    await page.context().close();
  }
  assert.deepEqual(wide, []);
});

/** Where the focus is: what it is on, whether it is seen to be there, and whether something hides it. */
const focus = (page) =>
  page.evaluate(() => {
    const at = document.activeElement;
    if (!at || at === document.body) return null;
    window.steps_ ??= new Map();
    if (!window.steps_.has(at)) window.steps_.set(at, window.steps_.size);
    const box = at.getBoundingClientRect();
    const style = getComputedStyle(at);
    const isMarked =
      style.outlineStyle !== 'none' || style.boxShadow !== 'none' || at.matches('summary, iframe, [tabindex="-1"]');
    return {
      number: window.steps_.get(at),
      what: `${at.tagName.toLowerCase()} ${at.getAttribute('aria-label') ?? at.textContent?.trim().slice(0, 40)}`,
      isSeen: box.width > 0 && box.height > 0,
      isMarked,
    };
  });

test('every page is walked by keyboard alone: all is reached, marked, and nothing holds the focus', async () => {
  const page = await stage.page();
  const faults = [];
  for (const [, path] of routes) {
    await page.goto(path);
    await drawn(page);
    // From the very beginning, wherever the page has put the focus.
    await page.evaluate(() => {
      document.body.tabIndex = -1;
      document.body.focus();
      document.body.removeAttribute('tabindex');
    });
    const reached = new Map();
    let turns = 0;
    let last = null;
    // Once round: the walk ends where it leaves the page, or comes to where it was. The parts of a date are one field.
    for (; turns < 400; turns++) {
      await page.keyboard.press('Tab');
      const at = await focus(page);
      if (at === null || (reached.has(at.number) && at.number !== last)) break;
      if (at.number !== last) reached.set(at.number, at);
      last = at.number;
    }
    if (turns === 400) faults.push(`${path}: the walk does not end`);
    if (reached.size < 8) faults.push(`${path}: only ${[...reached.values()].map((at) => at.what).join(', ')}`);
    for (const at of reached.values()) {
      if (!at.isSeen) faults.push(`${path}: the focus is on something unseen: ${at.what}`);
      if (!at.isMarked) faults.push(`${path}: nothing marks the focus on ${at.what}`);
    }
    // What can be pressed can be reached, unless arrows lead to it from something that can.
    const missed = await page.evaluate(() => {
      const walked = [...window.steps_.keys()];
      const isWithArrows = (element) =>
        element.closest(
          '[role="menu"], [role="tablist"], [role="radiogroup"], [role="listbox"], [popover], dialog, [data-spot]',
        ) || element.matches('[type="radio"]');
      return [...document.querySelectorAll('main :is(a[href], button, input, select, textarea, summary)')]
        .filter((element) => element.checkVisibility({ visibilityProperty: true }) && !element.disabled)
        .filter((element) => !walked.includes(element) && !isWithArrows(element))
        .map(
          (element) =>
            `${element.tagName.toLowerCase()} ${element.getAttribute('aria-label') ?? element.textContent?.trim().slice(0, 40)}`,
        );
    });
    if (turns < 400 && missed.length > 0) faults.push(`${path}: not reached: ${missed.slice(0, 5).join('; ')}`);
  }
  assert.deepEqual(faults, []);
});

test('nothing moves for whoever wants it still', async () => {
  const page = await stage.page();
  const moving = [];
  for (const [, path] of routes) {
    await page.goto(path);
    await drawn(page);
    const found = await page.evaluate(() =>
      document
        .getAnimations()
        .filter((animation) => Number(animation.effect?.getComputedTiming().activeDuration) > 20)
        .map((animation) => animation.effect?.target?.className),
    );
    if (found.length > 0) moving.push(`${path}: ${found.join(', ')}`);
  }
  assert.deepEqual(moving, []);
});
