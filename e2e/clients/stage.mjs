// The stage for clients: a real server on a fresh data directory, roads to it that fail on purpose, a browser for the
// clients that live in one, and the ledger as `touchline export` tells it when all is over.
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';

const here = dirname(fileURLToPath(import.meta.url));
const binary = process.env.TOUCHLINE_BIN ?? join(here, '../../target/debug/touchline');
const python = process.env.PYTHON ?? join(here, '../../target/tools/clients/bin/python');
const chromiums = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
/** A client that tells nothing more for so long has hung. */
const patience = 90_000;

const run = promisify(execFile);

/** Opens a fresh data directory. */
export async function openHouse() {
  if (!existsSync(binary)) throw new Error(`no server to test: ${binary} is missing; build it, or set TOUCHLINE_BIN`);
  const folder = await mkdtemp(join(tmpdir(), 'touchline-clients-'));
  const data = join(folder, 'data');
  const touchline = async (...args) => (await run(binary, [...args, '--data', data], { maxBuffer: 1 << 28 })).stdout;
  await touchline('init', '--template', 'online-shop');
  let server;
  let address = '127.0.0.1:0';
  const said = [];

  const house = {
    /** Makes a source and returns its key. */
    async source(name, kind) {
      return JSON.parse(await touchline('source', 'add', name, '--kind', kind, '--format', 'json')).write_key;
    },
    /** Starts the server; a second time at the same address. Returns the address. */
    async start() {
      server = spawn(binary, ['serve', '--data', data, '--bind', address, '--format', 'json'], { stdio: ['ignore', 'pipe', 'pipe'] });
      server.ended = new Promise((ended) => server.on('exit', ended));
      createInterface({ input: server.stderr }).on('line', (line) => said.push(line));
      const opened = new Promise((found) => createInterface({ input: server.stdout }).once('line', found));
      const line = await Promise.race([opened, server.ended.then(() => undefined)]);
      if (!line) throw new Error(`the server ended:\n${said.join('\n')}`);
      address = new URL(JSON.parse(line).address).host;
      return address;
    },
    /** Ends the server as a power cut would. */
    async kill() {
      server.kill('SIGKILL');
      await server.ended;
    },
    /** Ends the server politely. */
    async stop() {
      server.kill('SIGTERM');
      await server.ended;
    },
    /** Returns every interaction in the ledger, while the server is stopped. */
    async ledger() {
      const lines = await touchline('export', 'interactions', '--format', 'json');
      return lines.split('\n').filter(Boolean).map((line) => JSON.parse(line));
    },
    /** Returns what the server has said of trouble. */
    said: () => said.join('\n'),
    async close() {
      server?.kill('SIGKILL');
      await server?.ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
  return house;
}

/** Tells whether a request brings events, rather than asking for settings or for leave to ask. */
function brings(message) {
  if (message.method === 'POST') return !message.url.startsWith('/flags');
  return message.method === 'GET' && /^\/(i|track|engage)\b/.test(message.url);
}

/**
 * Opens a road to a server that has one accident: the first delivery is answered `429` or `503` without being handed
 * over; or it is handed over and the answer is `lost`; or the server is `killed` while it is at work on it.
 *
 * `to()` is the server's address, `accident` one of those words or nothing, `kill()` kills and restarts the server.
 */
export async function openRoad(to, accident, kill) {
  let met = !accident;
  let deliveries = 0;
  let open = 0;
  let lastAt = Date.now();
  let back = Promise.resolve();
  const pass = (message, body, answer) =>
    new Promise((done) => {
      const [host, port] = to().split(':');
      const onward = request({ host, port, method: message.method, path: message.url, headers: message.headers });
      onward.on('response', async (response) => {
        const chunks = [];
        for await (const chunk of response) chunks.push(chunk);
        answer(response, Buffer.concat(chunks));
        done();
      });
      onward.on('error', () => {
        answer();
        done();
      });
      onward.end(body);
    });

  const server = createServer(async (message, reply) => {
    open += 1;
    reply.on('close', () => {
      open -= 1;
      lastAt = Date.now();
    });
    const chunks = [];
    try {
      for await (const chunk of message) chunks.push(chunk);
    } catch {
      return;
    }
    const body = Buffer.concat(chunks);
    const hand = (response, content) => {
      if (!response) return message.socket.destroy();
      const { 'transfer-encoding': _, connection: __, ...headers } = response.headers;
      reply.writeHead(response.statusCode, headers);
      reply.end(content);
    };
    if (brings(message)) deliveries += 1;
    if (met || !brings(message)) {
      await back;
      return pass(message, body, hand);
    }
    met = true;
    const cors = { 'access-control-allow-origin': message.headers.origin ?? '*', 'access-control-allow-credentials': 'true' };
    switch (accident) {
      case '429':
        reply.writeHead(429, { ...cors, 'retry-after': '1' });
        return reply.end();
      case '503':
        reply.writeHead(503, cors);
        return reply.end();
      case 'lost':
        return pass(message, body, () => message.socket.destroy());
      case 'killed': {
        // Whether the delivery is durable by then is a matter of luck; the client learns nothing either way.
        const passed = pass(message, body, () => message.socket.destroy());
        back = kill();
        await Promise.all([passed, back]);
      }
    }
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    /** Waits until nobody has come along for so long, in milliseconds. */
    async quiet(ms) {
      const since = Date.now();
      while (open > 0 || Date.now() - Math.max(lastAt, since) < ms) {
        if (Date.now() - since > patience) throw new Error('the client does not come to rest');
        await new Promise((later) => setTimeout(later, 50));
      }
    },
    /** How many requests with events came along. */
    deliveries: () => deliveries,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Runs a client that lives on a server. */
export async function playServer(file, { url, key, name }) {
  const program = file.endsWith('.py') ? python : process.execPath;
  const env = { ...process.env, TOUCHLINE_URL: url, TOUCHLINE_KEY: key, TOUCHLINE_NAME: name, PYTHONDONTWRITEBYTECODE: '1' };
  await run(program, [join(here, file)], { env, timeout: patience });
}

/** Opens a browser and a shop whose pages carry a client each. */
export async function openShop() {
  const executablePath = chromiums.find((path) => path && existsSync(path));
  if (!executablePath) throw new Error('no Chromium: install the package chromium, or set CHROMIUM to its path');
  const scripts = new Map();
  const shop = createServer((message, reply) => {
    const script = scripts.get(message.url);
    if (script) {
      reply.setHeader('content-type', 'text/javascript');
      return reply.end(script);
    }
    const setup = new URL(message.url, 'http://shop.example').searchParams.get('setup');
    if (!setup) {
      reply.statusCode = 404;
      return reply.end();
    }
    reply.setHeader('content-type', 'text/html');
    return reply.end(page(setup));
  });
  await new Promise((ready) => shop.listen(0, '127.0.0.1', ready));
  const origin = `http://shop.example:${shop.address().port}`;
  const browser = await chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--host-resolver-rules=MAP shop.example 127.0.0.1',
      `--unsafely-treat-insecure-origin-as-secure=${origin}`,
      // For the whole browser: what is sent while a page is left does not know of its page's settings.
      '--user-agent=Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
    ],
  });

  return {
    /** Opens a page with a client on it, and waits until it has told everything and its road is `quiet`. */
    async play(file, { url, key, name, options = {}, quiet }) {
      if (!scripts.has(`/${file}`)) scripts.set(`/${file}`, await bundled(file));
      // An ordinary browser: some clients keep silent when they think that a machine is driving.
      const context = await browser.newContext();
      await context.addInitScript(() => {
        Object.defineProperty(Navigator.prototype, 'webdriver', { get: () => false });
        Object.defineProperty(Navigator.prototype, 'userAgentData', { get: () => undefined });
      });
      const tab = await context.newPage();
      const complaints = [];
      tab.on('pageerror', (error) => complaints.push(error.message));
      const setup = JSON.stringify({ url, key, name, options, file });
      await tab.goto(`${origin}/?setup=${encodeURIComponent(setup)}`);
      try {
        await tab.waitForFunction(() => window.touchline.done, null, { timeout: patience });
        await quiet();
      } catch (error) {
        throw new Error(`${file}: ${error.message}\n${complaints.join('\n')}`);
      }
      // Leaving the page is when many clients send the rest.
      await tab.goto('about:blank');
      await quiet();
      await context.close();
      if (complaints.length > 0) throw new Error(`${file}: ${complaints.join('\n')}`);
    },
    async close() {
      await browser.close();
      shop.close();
      shop.closeAllConnections();
    },
  };
}

/** Makes a page; the address that its client sees is that of a campaign's landing page. */
function page(setup) {
  const landing = '/pricing?utm_source=letter&utm_medium=email&utm_campaign=autumn';
  return `<!doctype html><meta charset="utf-8"><title>Pricing</title>
<script>history.replaceState({}, '', '${landing}'); window.touchline = ${setup.replaceAll('<', '\\u003c')};</script>
<script type="module" src="/${JSON.parse(setup).file}"></script><h1>Pricing</h1>`;
}

/** Bundles a page's script as a site would do it; the client in it stays as its makers published it. */
async function bundled(file) {
  const built = await build({
    entryPoints: [join(here, file)],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    logLevel: 'error',
    define: { 'process.env.NODE_ENV': '"production"' },
  });
  return built.outputFiles[0].text;
}
