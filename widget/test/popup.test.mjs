import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arm, memory } from '../src/popup.js';

const store = () => {
  const kept = new Map();
  return { getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => kept.set(name, value) };
};

test('a browser remembers how often a window was open, and asks no more', () => {
  let now = 0;
  const seen = memory(store(), 'k', () => now);
  const popup = { id: 7, times: 2, days: 1 };
  for (const expected of [true, true, false]) {
    assert.equal(seen.may(popup), expected);
    if (expected) seen.note(popup);
    now += 1_000;
  }
  assert.ok(seen.may({ ...popup, id: 8 }), 'another window');
  now += 86_400_000;
  assert.ok(seen.may(popup), 'a day later');
});

test('where nothing can be remembered no window opens', () => {
  const shut = {
    getItem: () => {
      throw new Error('shut');
    },
  };
  assert.equal(memory(shut, 'k').may({ id: 1, times: 1, days: 1 }), false);
  assert.equal(memory(null, 'k').may({ id: 1, times: 1, days: 1 }), false);
});

/** A page of a height, and what it listens to. */
function stand(height) {
  const view = Object.assign(new EventTarget(), { scrollY: 0, innerHeight: 100, setTimeout, clearTimeout });
  const page = Object.assign(new EventTarget(), { documentElement: { scrollHeight: height } });
  return { view, page };
}

test('a scroll fires once, when so much was seen', () => {
  const place = stand(1_000);
  let fired = 0;
  arm({ when: 'scroll', percent: 50 }, () => (fired += 1), place);
  for (const y of [100, 399, 400, 900]) {
    place.view.scrollY = y;
    place.view.dispatchEvent(new Event('scroll'));
    assert.equal(fired, y < 400 ? 0 : 1, String(y));
  }
});

test('a page that is seen whole needs no scroll', () => {
  let fired = 0;
  arm({ when: 'scroll', percent: 100 }, () => (fired += 1), stand(80));
  assert.equal(fired, 1);
});

test('leaving by the top fires, and what is disarmed does not', () => {
  const leave = (y) => Object.assign(new Event('mouseout'), { relatedTarget: null, clientY: y });
  const place = stand(100);
  let fired = 0;
  const disarm = arm({ when: 'exit' }, () => (fired += 1), place);
  place.page.dispatchEvent(leave(50));
  assert.equal(fired, 0, 'by the side');
  disarm();
  place.page.dispatchEvent(leave(0));
  assert.equal(fired, 0, 'disarmed');
  arm({ when: 'exit' }, () => (fired += 1), place);
  place.page.dispatchEvent(leave(0));
  place.page.dispatchEvent(leave(0));
  assert.equal(fired, 1);
});
