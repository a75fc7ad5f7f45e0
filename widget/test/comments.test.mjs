import assert from 'node:assert/strict';
import { test } from 'node:test';
import { href, words } from '../src/comments.js';

test('a link leads to a page, and never to a script', () => {
  assert.equal(href('https://ann.example/x'), 'https://ann.example/x');
  for (const none of ['javascript:alert(1)', ' https://a.example', 'data:text/html,x', '//a.example', '', null])
    assert.equal(href(none), null, String(none));
});

test('three languages say the same', () => {
  for (const one of Object.values(words)) assert.deepEqual(Object.keys(one), Object.keys(words.en));
});
