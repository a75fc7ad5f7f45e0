// The stage on which the tests play: a server (the binary's `touchline demo`, or a running one), a browser, and a
// page that has signed in by the one-time link. A page that complains in its console fails its test.
import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const chromiums = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * Returns the one-time link of a server, what it says in its log, and how to stop it.
 *
 * `TOUCHLINE_BIN` is started with a fresh sample company; without it, the binary of the last build is. A name that ends
 * in `.mjs` is a stand-in, such as `../web/dev/server.mjs`. `TOUCHLINE_URL` is an unused link of a server that runs.
 */
async function startServer(perSecond, more, empty) {
  if (process.env.TOUCHLINE_URL) return { link: process.env.TOUCHLINE_URL, said: [], stop: () => undefined };
  const program = process.env.TOUCHLINE_BIN ?? fileURLToPath(new URL('../target/debug/touchline', import.meta.url));
  if (!existsSync(program)) {
    throw new Error(`no server to test: ${program} is missing; build it, or set TOUCHLINE_BIN`);
  }
  const folder = empty ? mkdtempSync(join(tmpdir(), 'touchline-')) : null;
  const command = program.endsWith('.mjs')
    ? [process.execPath, program]
    : folder
      ? [program, 'serve', '--data', folder, '--bind', '127.0.0.1:0']
      : [program, 'demo', '--bind', '127.0.0.1:0', '--per-second', String(perSecond), ...more];
  const server = spawn(command[0], command.slice(1), {
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = [];
  const link = await new Promise((found, failed) => {
    for (const stream of [server.stdout, server.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        said.push(line);
        const match = /https?:\/\/\S+#token=[^\s"]+/.exec(line);
        if (match) found(match[0]);
      });
    }
    server.on('exit', (code) => failed(new Error(`the server ended (${code}):\n${said.join('\n')}`)));
  });
  const stop = () => {
    server.kill('SIGTERM');
    if (folder) server.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  };
  return { link, said, stop };
}

/**
 * Opens a browser and signs in once; `page()` gives pages of that session. So many interactions arrive in a second: none,
 * unless a test is about them, so that figures stand still while they are looked at. `more` is further arguments. `empty` is a new
 * installation in place of the sample company: it has no map yet.
 */
export async function openStage({ perSecond = 0, more = [], empty = false } = {}) {
  const executablePath = chromiums.find((path) => path && existsSync(path));
  if (!executablePath) throw new Error('no Chromium: install the package chromium, or set CHROMIUM to its path');
  const server = await startServer(perSecond, more, empty);
  const browser = await chromium.launch({ executablePath, args: flags });
  const first = await browser.newContext();
  const door = await first.newPage();
  await door.goto(server.link);
  await door.getByRole('heading', { level: 1 }).first().waitFor();
  const session = await first.storageState();
  const origin = new URL(server.link).origin;
  const complaints = [];

  return {
    link: server.link,
    origin,
    browser,
    complaints,
    /** Opens a page: `signedIn` false is a stranger; `language` and `theme` are what the reader has chosen before. */
    async page({ signedIn = true, language = 'en', theme = 'light', width = 1440, height = 900 } = {}) {
      const context = await browser.newContext({
        ...(signedIn ? { storageState: session } : {}),
        baseURL: origin,
        viewport: { width, height },
        reducedMotion: 'reduce',
      });
      await context.addInitScript(
        ([language, theme]) => {
          // A sandboxed frame, such as that of a mail, has no storage.
          if (window.origin === 'null') return;
          localStorage.getItem('touchline.language') ?? localStorage.setItem('touchline.language', language);
          localStorage.getItem('touchline.theme') ?? localStorage.setItem('touchline.theme', theme);
        },
        [language, theme],
      );
      // A busy machine is slow, not wrong.
      context.setDefaultTimeout(60_000);
      const page = await context.newPage();
      page.on('console', (message) => {
        // A stranger is answered 401, and the browser says so by itself; everything else is ours.
        const isExpected = !signedIn && message.text().includes('401');
        if (!['error', 'warning'].includes(message.type()) || isExpected) return;
        const { url } = message.location();
        complaints.push(URL.canParse(url) ? `${message.text()} (${new URL(url).pathname})` : message.text());
      });
      page.on('pageerror', (error) => complaints.push(String(error)));
      page.on('request', (request) => {
        const url = new URL(request.url());
        if (url.protocol.startsWith('http') && url.origin !== origin) complaints.push(`a request to ${url.origin}`);
      });
      return page;
    },
    /** Takes away the complaints that a test has provoked. */
    forgive(expected) {
      complaints.splice(0, complaints.length, ...complaints.filter((complaint) => !expected.test(complaint)));
    },
    /** Fails where a page complained, sent a request to another host, or broke the content policy. */
    silence() {
      const found = complaints.splice(0);
      if (found.length > 0) found.push(...server.said.filter((line) => /\b(WARN|ERROR)\b|panicked/.test(line)).slice(-5));
      assert.deepEqual(found, []);
    },
    async close() {
      await browser.close();
      server.stop();
    },
  };
}
