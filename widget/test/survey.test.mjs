import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openLine } from '../src/line.js';
import { given, next } from '../src/survey.js';

const questions = [{ id: 3 }, { id: 1 }, { id: 0 }];

test('questions come in their order, each once, and none after it is over', () => {
  assert.equal(next(questions, null).id, 3);
  assert.equal(next(questions, { done: [3] }).id, 1);
  assert.equal(next(questions, { done: [3, 1] }).id, 0, 'the words beside');
  assert.equal(next(questions, { done: [3, 1, 0] }), undefined);
  assert.equal(next(questions, { done: [3], over: true }), undefined);
  assert.equal(next(null, null), undefined, 'not known yet');
});

test('empty fields are no answer', () => {
  const entries = new Map([
    ['q2', ' '],
    ['words', ' well '],
  ]);
  assert.deepEqual(given(entries), [['words', 'well']]);
});

test('an answer waits for the network, bears the session, and is dropped where it is refused', async () => {
  const kept = new Map();
  const storage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value) };
  const heard = [];
  let status = 0;
  const token = `${btoa('c1\nanonymous\nv1')}.mac`;
  const ask = async (path, body) => {
    if (path === 'session') return { status: 200, body: { token } };
    if (!status) throw new Error('cut');
    heard.push([path, body]);
    return { status, body: {} };
  };
  // A pause of no length would leave the clock no turn.
  const sleep = () => new Promise((done) => setTimeout(done, 0));
  const open = () => openLine({ key: 'k', ask, storage, sleep, changed: () => undefined });
  const road = open();
  await road.begin();
  road.note({ asked: { id: 'a', done: [3] } });
  road.post('survey', { id: 'a', question: 3, fields: [['q3', '4']] });
  await new Promise((done) => setTimeout(done, 5));
  road.close();
  assert.equal(heard.length, 0);
  // The page is opened again: what was asked is known, and the answer goes out with the token.
  status = 400;
  const again = open();
  assert.deepEqual(again.state.asked, { id: 'a', done: [3] });
  await again.flush();
  again.close();
  assert.deepEqual(heard, [['survey', { id: 'a', question: 3, fields: [['q3', '4']], token }]]);
  assert.equal(again.state.outbox.length, 0, 'nobody can mend it: it is not kept for ever');
});
