// @ts-check
// Serves the built application and the sample company of `company.mjs`, with the headers of the true server: for
// developing pages, for screenshots, and for the browser tests before there is a binary. Prints a one-time link.
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sampleMap, sampleReport } from './company.mjs';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const port = Number(process.env.PORT ?? 7780); // 0: any free one
const token = randomBytes(16).toString('hex');
let isUsed = false;
const sessions = new Set();

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; style-src-elem 'self'; style-src-attr 'unsafe-inline'; " +
  "img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; " +
  "form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'";
/** @type {Record<string, string>} */
const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

/** @param {import('node:http').ServerResponse} answer @param {number} status @param {unknown} body @param {Record<string, string>} [headers] */
function json(answer, status, body, headers = {}) {
  answer
    .writeHead(status, { 'content-type': 'application/json', ...headers })
    .end(status === 204 ? undefined : JSON.stringify(body));
}

/** @param {import('node:http').IncomingMessage} request */
async function read(request) {
  let body = '';
  for await (const part of request) body += part;
  return body;
}

/** @param {import('node:http').IncomingMessage} request @param {import('node:http').ServerResponse} answer @param {URL} url */
async function api(request, answer, url) {
  const session = /session=(\w+)/.exec(request.headers.cookie ?? '')?.[1];
  if (url.pathname === '/api/session' && request.method === 'POST') {
    const given = JSON.parse(await read(request)).token;
    if (given !== token || isUsed) {
      return json(answer, 401, {
        what: 'the link is not valid',
        because: ['it was used, or is too old'],
        hint: 'start the server anew',
      });
    }
    isUsed = true;
    const id = randomBytes(16).toString('hex');
    sessions.add(id);
    return json(
      answer,
      200,
      { account: 'owner', role: 'owner' },
      { 'set-cookie': `session=${id}; HttpOnly; SameSite=Strict; Path=/` },
    );
  }
  if (!session || !sessions.has(session))
    return json(answer, 401, { what: 'not signed in', because: [], hint: 'open the one-time link' });
  if (url.pathname === '/api/session' && request.method === 'DELETE') {
    sessions.delete(session);
    return json(answer, 204, null);
  }
  if (url.pathname === '/api/live') return void answer.writeHead(200, { 'content-type': 'text/event-stream' }); // Nothing new, for ever.
  if (url.pathname === '/api/map') return json(answer, 200, sampleMap());
  if (url.pathname === '/api/map/desk') {
    const steps = { undo: null, redo: null };
    return json(answer, 200, {
      version: 1,
      variant: 'as_is',
      planned: false,
      may_edit: false,
      steps,
      map: sampleMap(),
    });
  }
  if (url.pathname === '/api/measure/map') return json(answer, 200, sampleReport(url.searchParams.get('segment')));
  return json(answer, 404, { what: 'no such address', because: [url.pathname], hint: null });
}

/** @param {import('node:http').ServerResponse} answer @param {string} path */
async function file(answer, path) {
  const wanted = join(dist, normalize(path));
  const name = extname(path) === '' || !wanted.startsWith(dist) ? join(dist, 'index.html') : wanted;
  const body = await readFile(name).catch(() => null);
  const headers = {
    'content-security-policy': policy,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  };
  if (body === null) return answer.writeHead(404, headers).end('not found');
  return answer
    .writeHead(200, { ...headers, 'content-type': types[extname(name)] ?? 'application/octet-stream' })
    .end(body);
}

const server = createServer((request, answer) => {
  const url = new URL(request.url ?? '/', `http://127.0.0.1:${port}`);
  void (url.pathname.startsWith('/api/') ? api(request, answer, url) : file(answer, url.pathname));
});
server.listen(port, '127.0.0.1', () => {
  const address = server.address();
  const bound = typeof address === 'object' ? address?.port : port;
  process.stdout.write(`http://127.0.0.1:${bound}/#token=${token}\n`);
});
