// Mail among programs of other makers: Postfix, Dovecot, swaks, nodemailer, imapflow, aiosmtpd; our signatures are checked by
// dkimpy and by OpenDKIM.
import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ImapFlow } from 'imapflow';
import { createTransport } from 'nodemailer';
import { openStage, python, run, until } from './stage.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const us = 'help@shop.example.org';
const pdf = Buffer.from('%PDF-1.4 a bill');
let stage;

before(
  async () => {
    stage = await openStage();
    await stage.set({
      address: us,
      name: 'The shop',
      server: `127.0.0.1:${stage.ports.postfix}`,
      security: 'plain',
      imap_server: `127.0.0.1:${stage.ports.imap}`,
      imap_security: 'tls',
      imap_user: 'help',
      imap_password: 'secret',
      dkim_domain: 'shop.example.org',
      dkim_selector: 'touch',
    });
  },
  { timeout: 120_000 },
);

after(async () => {
  if (process.env.MAIL_LOGS) process.stderr.write(`${stage?.said()}\n${await stage?.logs()}\n`);
  await stage?.close();
});

/** Opens the box of somebody at Dovecot. */
async function box(user) {
  const client = new ImapFlow({
    host: '127.0.0.1',
    port: stage.ports.imap,
    secure: true,
    auth: { user, pass: 'secret' },
    tls: { rejectUnauthorized: false },
    logger: false,
  });
  await client.connect();
  await client.mailboxOpen('INBOX');
  return client;
}

/** Waits for a mail in Ann's box whose source has some words, and returns that source. */
async function atAnns(words) {
  const client = await box('ann');
  try {
    return await until(`a mail with ${words}`, async () => {
      await client.noop();
      for await (const mail of client.fetch('1:*', { source: true })) {
        const source = mail.source.toString();
        if (source.includes(words)) return source;
      }
      return null;
    });
  } finally {
    await client.logout();
  }
}

const header = (source, name) =>
  new RegExp(`^${name}:((?:.*\\r?\\n[ \\t])*.*)$`, 'im').exec(source)?.[1].replace(/\s+/g, ' ').trim();

/** Lets two other programs check our signatures. */
async function signedWell(source) {
  const { dkim_records: records } = await stage.ask('GET', '/api/conversations/mail');
  const zone = Object.fromEntries(records.map((record) => [`${record.name}.shop.example.org`, record.text]));
  const file = join(stage.folder, 'signed.eml');
  await writeFile(file, source.replace(/\r?\n/g, '\r\n'));
  await writeFile(join(stage.folder, 'zone.json'), JSON.stringify(zone));
  const { stdout } = await run(python, [join(here, 'check.py'), file, join(stage.folder, 'zone.json')]);
  assert.deepEqual(JSON.parse(stdout), { 'rsa-sha256': true, 'ed25519-sha256': true }, 'dkimpy');
  await writeFile(
    join(stage.folder, 'keys'),
    Object.entries(zone)
      .map(([name, text]) => `${name} ${text}\n`)
      .join(''),
  );
  await writeFile(join(stage.folder, 'opendkim.conf'), `Mode v\nSyslog no\nTestPublicKeys ${stage.folder}/keys\n`);
  const said = await run('opendkim', ['-x', join(stage.folder, 'opendkim.conf'), '-t', file, '-vv']);
  for (const kind of ['rsa-sha256', 'ed25519-sha256'])
    assert.match(said.stdout + said.stderr, new RegExp(`dkim=pass [^;]*header\\.a=${kind}`), 'OpenDKIM');
}

test('Postfix hands on what nodemailer wrote, with a file and HTML', { timeout: 60_000 }, async () => {
  const transport = createTransport({ host: '127.0.0.1', port: stage.ports.postfix, ignoreTLS: true });
  await transport.sendMail({
    from: 'Анна <ann@customers.example.org>',
    to: us,
    subject: 'Счёт не пришёл',
    text: 'Где мой счёт?',
    html: '<p>Где мой <b>счёт</b>?</p><script>x()</script>',
    attachments: [{ filename: 'чек.pdf', content: pdf }],
  });
  const { conversation, messages } = await stage.conversation('Счёт не пришёл');
  const message = messages.find((one) => one.kind === 'in');
  assert.equal(conversation.customer.name, 'Анна');
  assert.match(message.text, /Где мой счёт\?/);
  const [file] = message.files;
  assert.deepEqual([file.name, file.kind, file.size], ['чек.pdf', 'application/pdf', pdf.length]);
  assert.deepEqual(await stage.bytes(`/api/conversations/${conversation.id}/files/${file.id}`), pdf);

  // Our answer goes back through Postfix into a box of Dovecot, in the thread, with a file, signed.
  const added = await stage.add(conversation.id, 'счёт.pdf', pdf);
  await stage.reply(conversation.id, 'Вот он.', [added.id]);
  const source = await atAnns('X-Touchline-Loop');
  assert.match(header(source, 'In-Reply-To'), /^<.+@.+>$/);
  assert.match(header(source, 'Message-ID'), /^<[0-9a-f]{32}@shop\.example\.org>$/);
  assert.match(source, new RegExp(pdf.toString('base64')));
  await signedWell(source);

  // She answers to what she got; her mail program keeps nothing but the address.
  await transport.sendMail({
    from: 'ann@customers.example.org',
    to: header(source, 'Reply-To'),
    subject: 'Спасибо',
    text: 'Пришёл!',
  });
  await until('her answer in the same conversation', async () => {
    const shown = await stage.ask('GET', `/api/conversations/${conversation.id}`);
    return shown.messages.some((one) => one.kind === 'in' && one.text.includes('Пришёл!'));
  });
  transport.close();
});

test('what Postfix cannot deliver comes back and closes the address', { timeout: 60_000 }, async () => {
  await run('swaks', [
    '--server',
    `127.0.0.1:${stage.ports.smtp}`,
    '--from',
    'gone@customers.example.org',
    '--to',
    us,
    '--header',
    'Subject: Are you there?',
    '--body',
    'Hello',
    '--silent',
    '1',
  ]);
  const { conversation } = await stage.conversation('Are you there?');
  await stage.reply(conversation.id, 'We are.');
  await until('the report', async () => {
    const shown = await stage.ask('GET', `/api/conversations/${conversation.id}`);
    return shown.messages.some((one) => one.kind === 'out' && one.state === 'bounced');
  });
  const contact = await stage.ask('GET', `/api/people/${conversation.customer.person}/contact`);
  assert.match(JSON.stringify(contact), /"bounced"/);
});

test('swaks brings every kind of mail, and is refused for every other address', { timeout: 60_000 }, async () => {
  const swaks = (...more) =>
    run('swaks', [
      '--server',
      `127.0.0.1:${stage.ports.smtp}`,
      '--from',
      'bob@customers.example.org',
      '--to',
      us,
      ...more,
    ]);
  await writeFile(join(stage.folder, 'note.txt'), 'a note');
  await swaks('--header', 'Subject: With a file', '--attach', `@${stage.folder}/note.txt`, '--attach-name', 'note.txt');
  const { messages } = await stage.conversation('With a file');
  assert.deepEqual(
    messages.flatMap((one) => one.files.map((file) => file.name)),
    ['note.txt'],
  );
  await swaks('--data', `Subject: Broken\\nContent-Type: multipart/mixed; boundary=\\n\\n\\xff`);
  await stage.conversation('Broken');
  await assert.rejects(swaks('--to', 'somebody@elsewhere.example.org'), ({ stdout }) => /^<\*\* 550/m.test(stdout));
});

test('Dovecot tells at once what imapflow put into the box, over TLS', { timeout: 60_000 }, async () => {
  const client = await box('help');
  // In more than one language, and more than once: each is one conversation.
  for (const round of [1, 2]) {
    for (const number of [1, 2, 3]) {
      const mail = [
        `From: carol${number}@customers.example.org`,
        `To: ${us}`,
        `Message-ID: <imap${number}@customers.example.org>`,
        `Subject: =?utf-8?B?${Buffer.from(`Ящик ${number}`).toString('base64')}?=`,
        '',
        `Round ${round}`,
        '',
      ].join('\r\n');
      await client.append('INBOX', mail);
    }
  }
  const began = Date.now();
  for (const number of [1, 2, 3]) {
    const { messages } = await stage.conversation(`Ящик ${number}`);
    assert.equal(messages.filter((one) => one.kind === 'in').length, 1);
  }
  assert.ok(Date.now() - began < 20_000);
  // Nothing in the box was changed.
  const flags = [];
  for await (const mail of client.fetch('1:*', { flags: true }))
    flags.push([...mail.flags].filter((flag) => flag !== '\\Recent'));
  assert.deepEqual(flags, Array(6).fill([]));
  const { fetching } = await stage.ask('GET', '/api/conversations/mail');
  assert.equal(fetching.trouble, '');
  await client.logout();
});

test('aiosmtpd takes what we send, and dkimpy finds it signed', { timeout: 60_000 }, async () => {
  const sink = spawn(python, [join(here, 'sink.py'), String(stage.ports.sink)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: sink.stdout })[Symbol.asyncIterator]();
  assert.equal((await lines.next()).value, 'ready');
  await stage.set({ server: `127.0.0.1:${stage.ports.sink}` });
  const { conversation } = await stage.conversation('With a file');
  await stage.reply(conversation.id, 'Dots:\n.\n..\nand\ttabs  and spaces \n\n\n');
  const taken = JSON.parse((await lines.next()).value);
  sink.kill();
  assert.match(taken.from, /^help\+[0-9a-f]{32}@shop\.example\.org$/);
  assert.deepEqual(taken.to, ['bob@customers.example.org']);
  await signedWell(taken.source);
});
