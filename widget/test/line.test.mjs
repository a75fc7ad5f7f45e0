// The line between visitor and agents, cut at random places: every side ends with the same words in the same order, nothing
// lost and nothing doubled.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { openLine } from '../src/line.js';

/** A random source that says the same every time. */
function dice(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A server as ours is: a place for every message, the same id once, everything after a place on request. */
function server() {
  const said = [];
  return {
    said,
    post(id, text, mine) {
      const known = said.find((one) => one.id === id);
      if (known) return known.seq;
      said.push({ seq: said.length + 1, id, text, mine, author: '', at: 0 });
      return said.length;
    },
    after: (seq) => said.filter((one) => one.seq > seq).slice(0, 7),
  };
}

const store = () => {
  const kept = new Map();
  return { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value) };
};

const token = `${btoa('c1\nanonymous\nv1')}.mac`;

/** Opens a line over a road that is cut before or after the server has heard, as often as `cut` says. */
function line(house, storage, chance, cut) {
  const ask = async (path, body) => {
    if (chance() < cut) throw new Error('cut before');
    let answer;
    if (path === 'session') answer = { token, widget: {}, open: true };
    if (path === 'say') answer = { seq: house.post(body.id, body.text, true) };
    if (path === 'poll') {
      const messages = house.after(body.after);
      answer = { seq: messages.at(-1)?.seq ?? body.after, messages, typing: [], status: null };
      await new Promise((done) => setTimeout(done, 0));
    }
    if (chance() < cut) throw new Error('cut after');
    return { status: 200, body: structuredClone(answer) };
  };
  const sleep = () => new Promise((done) => setTimeout(done, 0));
  return openLine({ key: 'k', ask, storage, sleep, changed: () => undefined });
}

test('a chat of 500 messages whose road is cut more than 200 times', async () => {
  const chance = dice(7);
  let cuts = 0;
  const counted = chance;
  const house = server();
  const storage = store();
  const wanted = [];
  let road = line(house, storage, counted, 0.25);
  const listening = [];
  const open = () => {
    listening.push(road.listen());
    void road.flush();
  };
  open();
  for (let number = 0; number < 500; number += 1) {
    if (number % 2) house.post(`a${number}`, `agent ${number}`, false);
    else {
      wanted.push(`visitor ${number}`);
      road.say(`visitor ${number}`);
    }
    if (chance() < 0.45) {
      // The page is left in the middle of everything, and opened again.
      cuts += 1;
      road.close();
      road = line(house, storage, counted, 0.25);
      open();
    }
    await new Promise((done) => setTimeout(done, 0));
  }
  assert.ok(cuts >= 200, `${cuts} cuts`);
  for (let turn = 0; turn < 20_000 && (road.state.outbox.length || road.state.after < house.said.length); turn += 1) {
    await new Promise((done) => setTimeout(done, 0));
  }
  road.close();
  await Promise.all(listening);
  assert.deepEqual(
    house.said.filter((one) => one.mine).map((one) => one.text),
    wanted,
    'the server has every word of the visitor, once, in order',
  );
  assert.equal(house.said.length, 500);
  const last = house.said.slice(-200).map(({ seq, text }) => ({ seq, text }));
  assert.deepEqual(
    road.state.messages.map(({ seq, text }) => ({ seq, text })),
    last,
    'the visitor sees the same words in the same order',
  );
});

test('a message that waits survives the page, and is sent once', async () => {
  const house = server();
  const storage = store();
  const first = line(house, storage, () => 0, 1); // Nothing gets through.
  first.say('hello');
  await new Promise((done) => setTimeout(done, 5));
  first.close();
  assert.equal(house.said.length, 0);
  const second = line(house, storage, () => 1, 0);
  await second.flush();
  second.close();
  assert.deepEqual(
    house.said.map((one) => one.text),
    ['hello'],
  );
});

test('what the server refuses is kept and can be sent again', async () => {
  const storage = store();
  let status = 400;
  const ask = async (path) => (path === 'session' ? { status: 200, body: { token } } : { status, body: {} });
  const road = openLine({ key: 'k', ask, storage, sleep: async () => undefined, changed: () => undefined });
  const id = road.say('too long');
  await road.flush();
  assert.equal(road.state.outbox[0].refused, true);
  status = 200;
  road.again(id);
  await road.flush();
  assert.equal(road.state.outbox.length, 0);
  road.close();
});

test('who writes while the line opens has one conversation, and hears it at once', async () => {
  let conversations = 0;
  const ask = async (path, body) => {
    await new Promise((done) => setTimeout(done, 1));
    const names = (count) => `${btoa(`c${count}\nanonymous\nv1`)}.mac`;
    if (path === 'session')
      return { status: 200, body: { token: body.token ?? names(++conversations), widget: {}, open: true } };
    const messages = path === 'poll' && body.after < said.length ? said.slice(body.after) : [];
    if (path === 'say')
      said.push({ seq: said.length + 1, id: body.id, text: body.text, mine: true, author: '', at: 0 });
    return { status: 200, body: { seq: said.length, messages, typing: [], status: null } };
  };
  const said = [];
  const road = openLine({ key: 'k', ask, storage: store(), changed: () => undefined });
  const listening = road.listen();
  road.say('Is anybody there?');
  await new Promise((done) => setTimeout(done, 40));
  road.close();
  await listening;
  assert.equal(conversations, 1);
  assert.deepEqual(
    road.state.messages.map((one) => one.text),
    ['Is anybody there?'],
  );
});
