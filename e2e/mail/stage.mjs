// The stage for mail: a real server of ours between Postfix and Dovecot, each on a folder and ports of its own, so that
// nothing of this machine is touched. Postfix wants to be started as root, and says so itself.
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const here = dirname(fileURLToPath(import.meta.url));
const binary = process.env.TOUCHLINE_BIN ?? join(here, '../../target/debug/touchline');
export const python = process.env.PYTHON ?? join(here, '../../target/tools/mail/bin/python');
export const run = promisify(execFile);

/** Runs a program that leaves others behind it: their mouths must not be ours, or it would never end for us. */
const leave = (program, args) =>
  new Promise((done, failed) => {
    const child = spawn(program, args, { stdio: 'ignore' });
    child.on('error', failed);
    child.on('exit', (code) =>
      code === 0 ? done() : failed(new Error(`${program} ${args.join(' ')} ended (${code})`)),
    );
  });

/** Returns a port that nobody uses just now. */
const port = () =>
  new Promise((found) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => found(port));
    });
  });

/** Asks again until there is an answer. */
export async function until(what, ask, patience = 30_000) {
  const end = Date.now() + patience;
  for (;;) {
    const found = await ask();
    if (found) return found;
    if (Date.now() > end) throw new Error(`not in ${patience} ms: ${what}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

/** Draws a certificate for this machine, and the authority that has signed it. */
async function certificate(folder) {
  const openssl = (...args) => run('openssl', args, { cwd: folder });
  await writeFile(join(folder, 'leaf.ext'), 'subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n');
  await openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-days',
    '2',
    '-subj',
    '/CN=peers',
  );
  await openssl(
    'req',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    'leaf.key',
    '-out',
    'leaf.csr',
    '-subj',
    '/CN=127.0.0.1',
  );
  await openssl(
    'x509',
    '-req',
    '-in',
    'leaf.csr',
    '-CA',
    'ca.pem',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    '-out',
    'leaf.pem',
    '-days',
    '2',
    '-extfile',
    'leaf.ext',
  );
}

async function startDovecot(folder, ids, ports) {
  await writeFile(
    join(folder, 'dovecot.conf'),
    `base_dir = ${folder}/dovecot
log_path = ${folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = required
ssl_cert = <${folder}/leaf.pem
ssl_key = <${folder}/leaf.key
service imap-login {
  inet_listener imap {
    port = 0
  }
  inet_listener imaps {
    port = ${ports.imap}
    ssl = yes
  }
}
passdb {
  driver = static
  args = password=secret
}
userdb {
  driver = static
  args = uid=${ids.uid} gid=${ids.gid} home=${folder}/mail/%n
}
mail_location = maildir:${folder}/mail/%n
first_valid_uid = 1
`,
  );
  await leave('dovecot', ['-c', join(folder, 'dovecot.conf')]);
  return () => run('doveadm', ['-c', join(folder, 'dovecot.conf'), 'stop']);
}

async function startPostfix(folder, ids, ports) {
  const place = join(folder, 'postfix');
  for (const name of ['', 'queue', 'data']) await mkdir(join(place, name), { recursive: true });
  await chown(join(place, 'data'), ids.uid, ids.gid);
  await writeFile(
    join(place, 'main.cf'),
    `compatibility_level = 3.6
queue_directory = ${place}/queue
data_directory = ${place}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file_prefixes = ${folder}
maillog_file = ${folder}/postfix.log
myhostname = mx.example.org
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
disable_dns_lookups = yes
smtpd_tls_security_level = none
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_reject_unlisted_recipient = no
relay_domains = shop.example.org
transport_maps = texthash:${place}/transport
virtual_mailbox_domains = customers.example.org
virtual_mailbox_maps = texthash:${place}/boxes
virtual_mailbox_base = ${folder}/mail
virtual_minimum_uid = 1
virtual_uid_maps = static:${ids.uid}
virtual_gid_maps = static:${ids.gid}
`,
  );
  await writeFile(join(place, 'transport'), `shop.example.org smtp:[127.0.0.1]:${ports.smtp}\n`);
  await writeFile(join(place, 'boxes'), 'ann@customers.example.org ann/\n');
  const services = [
    `${ports.postfix} inet n - n - - smtpd`,
    'pickup unix n - n 60 1 pickup',
    'cleanup unix n - n - 0 cleanup',
    'qmgr unix n - n 300 1 qmgr',
    'rewrite unix - - n - - trivial-rewrite',
    'bounce unix - - n - 0 bounce',
    'defer unix - - n - 0 bounce',
    'trace unix - - n - 0 bounce',
    'verify unix - - n - 1 verify',
    'flush unix n - n 1000? 0 flush',
    'proxymap unix - - n - - proxymap',
    'smtp unix - - n - - smtp',
    'relay unix - - n - - smtp',
    'showq unix n - n - - showq',
    'error unix - - n - - error',
    'retry unix - - n - - error',
    'virtual unix - n n - - virtual',
    'anvil unix - - n - 1 anvil',
    'scache unix - - n - 1 scache',
    'postlog unix-dgram n - n - 1 postlogd',
  ];
  await writeFile(join(place, 'master.cf'), services.join('\n') + '\n');
  await leave('postfix', ['-c', place, 'start']);
  return () => leave('postfix', ['-c', place, 'stop']);
}

/** Opens everything. */
export async function openStage() {
  if (!existsSync(binary)) throw new Error(`no server to test: ${binary} is missing; build it, or set TOUCHLINE_BIN`);
  const folder = await mkdtemp(join(tmpdir(), 'touchline-mail-'));
  // Postfix and Dovecot run under names of their own, and look in.
  await chmod(folder, 0o755);
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (what) => Number((await run('id', [what, 'postfix'])).stdout)),
  );
  const ports = { imap: await port(), smtp: await port(), postfix: await port(), sink: await port() };
  for (const name of ['data', 'mail', 'mail/ann', 'mail/help', 'dovecot']) await mkdir(join(folder, name));
  for (const name of ['mail', 'mail/ann', 'mail/help']) await chown(join(folder, name), uid, gid);
  await certificate(folder);
  const ends = [await startDovecot(folder, { uid, gid }, ports), await startPostfix(folder, { uid, gid }, ports)];

  const inside = [ports.imap, ports.postfix, ports.sink].flatMap((port) => ['--inside', `127.0.0.1:${port}`]);
  const args = [
    'serve',
    '--data',
    join(folder, 'data'),
    '--bind',
    '127.0.0.1:0',
    '--format',
    'json',
    '--smtp',
    `127.0.0.1:${ports.smtp}`,
  ];
  const server = spawn(binary, [...args, ...inside], {
    env: { ...process.env, SSL_CERT_FILE: join(folder, 'ca.pem') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = [];
  createInterface({ input: server.stderr }).on('line', (line) => said.push(line));
  const ended = new Promise((done) => server.on('exit', done));
  const line = await Promise.race([
    new Promise((found) => createInterface({ input: server.stdout }).once('line', found)),
    ended,
  ]);
  if (typeof line !== 'string') throw new Error(`the server ended:\n${said.join('\n')}`);
  const { address, link } = JSON.parse(line);
  const signed = await fetch(`${address}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token: link.split('#token=')[1] }),
  });
  const cookie = signed.headers.get('set-cookie').split(';')[0];

  const stage = {
    folder,
    ports,
    said: () => said.join('\n'),
    /** Asks the server as its owner. */
    async ask(method, path, body) {
      const headers = { cookie, 'content-type': 'application/json' };
      const answer = await fetch(address + path, { method, headers, body: body && JSON.stringify(body) });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
      return text ? JSON.parse(text) : null;
    },
    /** Fetches a file's bytes. */
    async bytes(path) {
      const answer = await fetch(address + path, { headers: { cookie } });
      return Buffer.from(await answer.arrayBuffer());
    },
    async add(id, name, bytes) {
      const headers = { cookie, 'content-type': 'application/octet-stream', 'x-file-name': encodeURIComponent(name) };
      return (await fetch(`${address}/api/conversations/${id}/files`, { method: 'POST', headers, body: bytes })).json();
    },
    /** Changes what is set about mail. */
    async set(mail) {
      const settings = await stage.ask('GET', '/api/conversations/settings');
      await stage.ask('PUT', '/api/conversations/settings', { ...settings, mail: { ...settings.mail, ...mail } });
    },
    /** Waits for a conversation about something. */
    conversation: (subject) =>
      until(`a conversation about ${subject}`, async () => {
        const { conversations } = await stage.ask('GET', '/api/conversations?view=all');
        const found = conversations.find((one) => one.subject === subject);
        return found && stage.ask('GET', `/api/conversations/${found.id}`);
      }),
    reply: (id, text, files = []) =>
      stage.ask('POST', `/api/conversations/${id}/messages`, {
        client_id: crypto.randomUUID(),
        text,
        files,
        after: 1e9,
      }),
    logs: async () =>
      (
        await Promise.all(
          ['postfix.log', 'dovecot.log'].map((name) => readFile(join(folder, name), 'utf8').catch(() => '')),
        )
      ).join('\n'),
    async close() {
      server.kill('SIGTERM');
      await ended;
      for (const end of ends) await end().catch(() => undefined);
      await rm(folder, { recursive: true, force: true });
    },
  };
  return stage;
}
