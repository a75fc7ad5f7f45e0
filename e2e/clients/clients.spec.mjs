// Unchanged clients of other people against the real server: only address and key are ours. Each plays the same small
// life on an open road; those that send again play it on roads with an accident too, and must be counted once. When all
// have played, the server is stopped and the ledger is read.
import { strict as assert } from 'node:assert';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { clients, versionOf } from './clients.mjs';
import { openHouse, openRoad, openShop, playServer } from './stage.mjs';

/** The processor is shared with the server; more would only make clients wait for each other. */
const together = 3;
/** A browser's client that is silent for so long, in milliseconds, has told everything; longer where it may be waiting. */
const rest = 1_500;
const restAfterAccident = 8_000;
/** A part of a name: only clients with such a one play. */
const only = process.env.CLIENT;

const isBrowser = (scene) => scene.file.startsWith('browser/');
const scenes = clients
  .filter((client) => !only || client.name.includes(only))
  .flatMap((client) => {
    const open = { ...client, source: client.name };
    const roads = client.again ?? [];
    return [open, ...roads.map((accident) => ({ ...client, accident, source: `${client.name}-${accident}` }))];
  });
/** Played one after the other, because each of them has the server killed under it. */
const killed = clients
  .filter((client) => client.again && !isBrowser(client) && (!only || client.name.includes(only)))
  .map((client) => ({ ...client, accident: 'killed', source: `${client.name}-killed` }));

const failures = new Map();
let house;
let rows = [];
let began;

before(
  async () => {
    began = Date.now();
    house = await openHouse();
    const keys = new Map();
    for (const scene of [...scenes, ...killed]) {
      keys.set(scene.source, await house.source(scene.source, isBrowser(scene) ? 'site' : 'server'));
    }
    let address = await house.start();
    const shop = scenes.some(isBrowser) ? await openShop() : undefined;
    const play = async (scene) => {
      const kill = async () => {
        await house.kill();
        address = await house.start();
      };
      const road = await openRoad(() => address, scene.accident, kill);
      const quiet = () => road.quiet(scene.accident ? restAfterAccident : rest);
      const part = { url: road.url, key: keys.get(scene.source), name: scene.source, options: scene.options, quiet };
      try {
        await (isBrowser(scene) ? shop.play(scene.file, part) : playServer(scene.file, part));
      } catch (error) {
        failures.set(scene.source, error);
      }
      scene.deliveries = road.deliveries();
      road.close();
    };
    const waiting = [...scenes];
    const worker = async () => {
      for (let scene = waiting.shift(); scene; scene = waiting.shift()) await play(scene);
    };
    await Promise.all(Array.from({ length: together }, worker));
    for (const scene of killed) await play(scene);
    await shop?.close();
    await house.stop();
    rows = await house.ledger();
  },
  { timeout: 600_000 },
);

after(async () => {
  await house?.close();
  const table = tabled();
  console.log(table);
  if (process.env.TOUCHLINE_WRITE_TABLE) writeInto('../../docs/capture/clients.md', table);
});

/** Returns what a run has left in the ledger, by time. */
function left(scene) {
  const own = rows.filter((row) => row.source === scene.source);
  return own.sort((one, other) => one.at.localeCompare(other.at));
}

/** Writes an interaction as the lines of `becomes` do. */
function line(row) {
  const place = row.place.replace(/:\d+/, '');
  const worth = row.value ? [row.value, row.currency] : [];
  return [row.form, row.event, ...worth, row.offer, place && `@${place}`].filter(Boolean).join(' ');
}

function check(scene) {
  const failure = failures.get(scene.source);
  if (failure) throw failure;
  const found = left(scene);
  assert.deepEqual(found.map(line).sort(), [...scene.becomes].sort());
  assert.equal(new Set(found.map((row) => row.person)).size, scene.people, 'people');
  const names = new Set(found.flatMap((row) => row.known_by));
  assert.deepEqual([...names].sort(), scene.known_by, 'namespaces');
  for (const row of found) {
    assert.equal(row.direction, 'inbound');
    // The address of the page was that of a letter.
    if (line(row) === 'visit page @shop.example/pricing') assert.match(row.channel, /^letter \/ /);
    const received = Date.parse(row.received);
    assert.ok(received >= began - 1_000 && received <= Date.now(), `received ${row.received}`);
    // What a client tells of last month stays there; all else happened while it played.
    const ago = received - Date.parse(row.at);
    const expected = row.event === 'Shop Visited' ? 30 * 86_400_000 : 0;
    assert.ok(Math.abs(ago - expected) < 120_000, `${row.event} at ${row.at}, received ${row.received}`);
  }
}

describe('what each client told is in the ledger', () => {
  for (const scene of scenes.filter((scene) => !scene.accident)) test(scene.source, () => check(scene));
});

describe('what was sent again is there once', () => {
  for (const scene of [...scenes, ...killed].filter((scene) => scene.accident)) {
    test(scene.source, () => {
      check(scene);
      // A browser that hears nothing may wait for its next visit.
      if (scene.accident !== 'lost') assert.ok(scene.deliveries >= 2, 'the client has sent again');
    });
  }
});

test('the server has nothing to complain of', () => {
  const complaints = house.said().split('\n').filter((line) => /ERROR|panicked/.test(line));
  assert.deepEqual(complaints, []);
});

/** Makes the table for people. */
function tabled() {
  const lock = JSON.parse(readFileSync(new URL('package-lock.json', import.meta.url)));
  const requirements = readFileSync(new URL('requirements.txt', import.meta.url), 'utf8');
  const lines = ['| client | version | told | in the ledger | people | sent again | |', '|---|---|---|---|---|---|---|'];
  for (const scene of scenes.filter((scene) => !scene.accident)) {
    const name = scene.way ? `${scene.client}, ${scene.way}` : scene.client;
    const found = left(scene);
    const people = new Set(found.map((row) => row.person)).size;
    const trials = [...scenes, ...killed].filter((other) => other.accident && other.name === scene.name);
    const once = trials.filter((trial) => left(trial).length === scene.becomes.length);
    const again = trials.length ? `${once.length} of ${trials.length} once` : 'not tried';
    const version = versionOf(scene.client, lock, requirements);
    lines.push(`| ${name} | ${version} | ${scene.told} | ${found.length} | ${people} | ${again} | ${scene.says} |`);
  }
  return lines.join('\n');
}

/** Puts the table between its marks in a page. */
function writeInto(path, table) {
  const page = new URL(path, import.meta.url);
  const [begin, end] = ['<!-- table of the last run -->', '<!-- end of the table -->'];
  const text = readFileSync(page, 'utf8');
  const [head, rest] = [text.slice(0, text.indexOf(begin) + begin.length), text.slice(text.indexOf(end))];
  writeFileSync(page, `${head}\n${table}\n${rest}`);
}
