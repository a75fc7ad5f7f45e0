import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contrast, dress } from '../src/colour.js';

test('contrast is that of WCAG', () => {
  assert.equal(Math.round(contrast('#000000', '#ffffff')), 21);
  assert.equal(contrast('#777777', '#777777'), 1);
  assert.ok(Math.abs(contrast('#767676', '#ffffff') - 4.54) < 0.01);
});

test('whatever the colour of the brand, what stands on it and the lines of it can be seen', () => {
  let seen = 0;
  for (let red = 0; red < 256; red += 17)
    for (let green = 0; green < 256; green += 17)
      for (let blue = 0; blue < 256; blue += 17) {
        const colour = '#' + [red, green, blue].map((part) => part.toString(16).padStart(2, '0')).join('');
        const worn = dress(colour);
        assert.equal(worn['--colour'], colour);
        assert.ok(contrast(colour, worn['--on']) >= 4.5, `text on ${colour}`);
        assert.ok(contrast(worn['--edge'], '#fffefb') >= 3, `lines of ${colour} by day`);
        assert.ok(contrast(worn['--edge-dark'], '#1c2024') >= 3, `lines of ${colour} by night`);
        seen += 1;
      }
  assert.equal(seen, 4096);
});

test('what is no colour is ours', () => {
  for (const none of ['', 'red', '#fff', 'url(x)', undefined]) assert.equal(dress(none)['--colour'], '#1c5799');
});
