// Measures open chats: so many visitors who wait for news, each as the widget on a page waits, and one agent. `make bench-chat`.
//
// Starts the built server with a small sample company, opens CHATS chats (2000) from twenty addresses of this machine, and, while all
// of them wait, lets PACE (50) words a second go each way for SECONDS (20): an agent answers a chat, a visitor says something.
// Prints the memory of the server, its processor time, and how long a word took from being sent to being heard on the other side.
import { spawn } from 'node:child_process';
import { readFileSync, mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';

const [binary] = process.argv.slice(2);
const number = (name, otherwise) => Number(process.env[name] ?? otherwise);
const [chats, seconds, pace] = [number('CHATS', 2_000), number('SECONDS', 20), number('PACE', 50)];
const folder = mkdtempSync(join(tmpdir(), 'chats-'));
const arguments_ = ['demo', '--data', join(folder, 'company'), '--people', '300', '--per-second', '0', '--bind', '127.0.0.1:0', '--format', 'json'];
const server = spawn(binary, arguments_, { stdio: ['ignore', 'pipe', 'ignore'] });
const said = await new Promise((done) => server.stdout.once('data', (text) => done(JSON.parse(text))));
const { hostname, port } = new URL(said.address);
const roads = Array.from({ length: 20 }, (_, at) => ({
  agent: new http.Agent({ keepAlive: true, maxSockets: Infinity }),
  localAddress: `127.0.1.${at + 1}`,
}));

function ask(method, path, body, headers = {}, road = {}) {
  return new Promise((done, failed) => {
    const request = http.request({ hostname, port, method, path, headers, ...road }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => (text += part));
      response.on('end', () => {
        if (response.statusCode >= 300) failed(new Error(`${method} ${path}: ${response.statusCode} ${text}`));
        else done({ headers: response.headers, body: text.startsWith('{') ? JSON.parse(text) : text });
      });
    });
    request.on('error', failed).end(body && JSON.stringify(body));
  });
}

/** Reads what the system knows of the server: its memory now and at most, in MB, and its processor time in seconds. */
function load() {
  const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
  const spent = readFileSync(`/proc/${server.pid}/stat`, 'utf8').split(') ')[1].split(' ');
  const megabytes = (name) => Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)[1]) / 1024);
  return { now: megabytes('VmRSS'), most: megabytes('VmHWM'), spent: (Number(spent[11]) + Number(spent[12])) / 100 };
}

const [token] = said.link.split('#token=').slice(1);
const signedIn = await ask('POST', '/api/session', { token }, { 'Content-Type': 'application/json' });
const staff = { Cookie: signedIn.headers['set-cookie'][0].split(';')[0], 'Content-Type': 'application/json' };
const key = /loader\.js\?k=([^"]+)/.exec((await ask('GET', '/w/demo')).body)[1];
const widget = (at, path, body) => ask('POST', `/w/${path}`, body, { Origin: said.address }, roads[at % roads.length]);

const before = load();
/** When each word was sent, by its text, and how long those took that were heard. */
const sent = new Map();
const took = { 'agent to visitor': [], 'visitor to agent': [] };
const heard = (text, way) => {
  if (!sent.has(text)) return;
  took[way].push(performance.now() - sent.get(text));
  sent.delete(text);
};

let isOver = false;
let words = 0;
async function open(at) {
  const session = await widget(at, 'session', { key });
  const visitor = { at, token: session.body.token, seq: 0 };
  const first = `Is anybody there? (${at})`;
  visitor.seq = (await widget(at, 'say', { token: visitor.token, id: `first-message-${at}`, text: first })).body.seq;
  return visitor;
}
async function wait(visitor) {
  while (!isOver) {
    const { body } = await widget(visitor.at, 'poll', { token: visitor.token, after: visitor.seq, seen: visitor.seq, wait: 25 });
    visitor.seq = body.seq;
    body.messages.forEach((message) => heard(message.text, 'agent to visitor'));
  }
}

const start = performance.now();
const visitors = [];
for (let from = 0; from < chats; from += 50) {
  const some = Array.from({ length: Math.min(50, chats - from) }, (_, index) => open(from + index));
  visitors.push(...(await Promise.all(some)));
}
const opened = (performance.now() - start) / 1_000;

// Which conversation is whose: the list shows the newest, so each agent's answer goes to one of those.
const listed = (await ask('GET', '/api/conversations?view=open', null, staff)).body.conversations;
const waiting = visitors.map((visitor) => wait(visitor).catch((failure) => isOver || console.error(failure.message)));
/** What a visitor said last, by conversation: the agent's page reads it as soon as it hears of a change. */
const spoken = new Map();
const events = http.get({ hostname, port, path: '/api/conversations/events', headers: staff }, (response) => {
  response.setEncoding('utf8').on('data', (text) => {
    for (const [, conversation] of text.matchAll(/"conversation":"([^"]+)","what":"message"/g)) {
      const word = spoken.get(conversation);
      if (word) heard(word, 'visitor to agent');
    }
  });
});
await new Promise((done) => setTimeout(done, 2_000));
const quiet = load();

// A visitor's conversation is known by its first word.
const byText = new Map(visitors.map((visitor) => [`Is anybody there? (${visitor.at})`, visitor]));
const pairs = [];
for (const { id } of listed) {
  const { body } = await ask('GET', `/api/conversations/${id}`, null, staff);
  const visitor = byText.get(body.messages.find((message) => message.kind === 'in')?.text);
  if (visitor) pairs.push({ id, visitor });
}
const begun = performance.now();
const sending = [];
while (performance.now() - begun < seconds * 1_000) {
  const { id, visitor } = pairs[words % pairs.length];
  const [ours, theirs] = [`answer ${words}`, `question ${words}`];
  words += 1;
  sending.push(
    (async () => {
      sent.set(ours, performance.now());
      const answer = { client_id: `answer-number-${ours}`, text: ours, anyway: true };
      await ask('POST', `/api/conversations/${id}/messages`, answer, staff);
      await new Promise((done) => setTimeout(done, 300));
      spoken.set(id, theirs);
      sent.set(theirs, performance.now());
      await widget(visitor.at, 'say', { token: visitor.token, id: `question-number-${theirs}`, text: theirs });
    })().catch((failure) => console.error(failure.message)),
  );
  await new Promise((done) => setTimeout(done, 1_000 / pace));
}
await Promise.all(sending);
await new Promise((done) => setTimeout(done, 2_000));
const after = load();

console.log(`${cpus().length} cores, one machine for server, visitors and agent.\n`);
console.log(`${visitors.length} chats opened in ${opened.toFixed(1)} s; all of them wait. Memory of the server ${before.now} MB before, ${quiet.now} MB then, at most ${after.most} MB.`);
const lasted = (performance.now() - begun) / 1_000;
console.log(`${words} words each way in ${lasted.toFixed(0)} s: ${((after.spent - quiet.spent) / lasted).toFixed(2)} cores; ${sent.size} not heard.\n`);
console.log('| way | words | p50 | p99 | slowest |\n|---|---|---|---|---|');
for (const [way, all] of Object.entries(took)) {
  const sorted = all.sort((one, other) => one - other);
  const at = (share) => `${(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN).toFixed(1)} ms`;
  console.log(`| ${way} | ${sorted.length} | ${at(0.5)} | ${at(0.99)} | ${at(1)} |`);
}
isOver = true;
events.destroy();
server.kill();
await new Promise((done) => server.once('exit', done));
rmSync(folder, { recursive: true });
process.exit(sent.size === 0 ? 0 : 1);
