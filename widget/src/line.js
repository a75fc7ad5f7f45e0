// The line to the server: a session, an outbox that survives a reload, and asking for what was missed. It draws nothing.
//
// What was heard and what waits to be sent stand in storage, so every tab of the site shows the same. A message is kept
// until the server has taken it, and never given up; its id makes sending it twice harmless.

import { draw } from './make.js';

/** A pause between two tries, growing up to half a minute, never the same for everybody. */
const pauseOf = (tries) => Math.min(30_000, 500 * 2 ** Math.min(tries, 6)) * (0.5 + Math.random() / 2);
/** So many messages are kept on the visitor's side. */
const KEPT_MAX = 200;

/** A store in the browser, or in memory where there is none. */
function keep(name, storage) {
  let memory = null;
  return {
    read() {
      try {
        return JSON.parse(storage.getItem(name)) || memory || {};
      } catch {
        return memory || {};
      }
    },
    write(value) {
      memory = value;
      try {
        storage.setItem(name, JSON.stringify(value));
      } catch {
        // Shut off or full: it lasts as long as the page.
      }
    },
  };
}

/** Opens a line. `ask(path, body)` posts and returns `{ status, body }`, or throws; `changed` is called on every news. */
export function openLine({ key, ask, storage, changed, identity, visitor, wait = 25, sleep, channel }) {
  const store = keep('touchline.chat.' + key, storage);
  const nap = sleep || ((span) => new Promise((done) => setTimeout(done, span)));
  let state = { token: null, after: 0, messages: [], outbox: [], status: null, ...store.read() };
  let session = null;
  let typing = [];
  let isTyping = false;
  let isOver = false;
  let wake = () => {};
  let sending = null;

  const save = () => {
    store.write(state);
    channel?.postMessage('changed');
    changed();
  };
  const refresh = () => {
    const other = store.read();
    // Another tab may know more, and may have sent what waits here.
    if (other.token && other.token === state.token && other.after > state.after) state = { ...state, ...other };
    else if (other.outbox && other.token === state.token)
      state = { ...state, outbox: other.outbox, asked: other.asked || state.asked };
    changed();
  };
  if (channel) channel.onmessage = refresh;

  let beginning = null;

  /** Begins a session, once for whoever asks meanwhile: two would be two conversations. */
  function begin() {
    beginning ||= open().finally(() => (beginning = null));
    return beginning;
  }

  async function open() {
    // Another tab may have begun one already.
    if (!state.token) state = { ...state, ...store.read() };
    const { status, body } = await ask('session', { key, token: state.token, visitor, identity });
    if (status !== 200) throw new Error(String(status));
    if (conversationOf(body.token) !== conversationOf(state.token)) {
      // Another conversation: what was heard belongs to the old one, what waits goes into this one.
      state = { ...state, after: 0, messages: [], status: null, asked: null };
    }
    state.token = body.token;
    identity = undefined; // It is good once.
    session = body;
    save();
  }

  /** Sends what waits, in order, one at a time. */
  function flush() {
    sending ||= (async () => {
      // First of all a pause: what ends at once would end before it is held.
      await null;
      for (let tries = 0; !isOver && state.outbox.some((one) => !one.refused); ) {
        const next = state.outbox.find((one) => !one.refused);
        try {
          if (!session) await begin();
          const { path = 'say', ...rest } = next.body;
          const { status } = await ask(path, path === 'form' ? rest : { ...rest, token: state.token });
          if (status === 401) {
            session = null;
            state.token = null;
            throw new Error('401');
          }
          if (status === 429 || status > 499) throw new Error(String(status));
          if (status > 299 && path !== 'survey') next.refused = true;
          else state.outbox = state.outbox.filter((one) => one.id !== next.id);
          tries = 0;
          save();
        } catch {
          tries += 1;
          await Promise.race([nap(pauseOf(tries)), new Promise((done) => (wake = done))]);
        }
      }
      sending = null;
    })();
    return sending;
  }

  /** Asks for what was missed, for ever. */
  async function listen() {
    for (let tries = 0; !isOver; ) {
      try {
        if (!session) await begin();
        const asked = {
          token: state.token,
          after: state.after,
          wait: tries ? 0 : wait,
          typing: isTyping,
          present: typing,
        };
        if (state.seen > 0) asked.seen = state.seen;
        isTyping = false;
        const { status, body } = await ask('poll', asked);
        if (status === 401) {
          session = null;
          state.token = null;
          continue;
        }
        if (status !== 200) throw new Error(String(status));
        tries = 0;
        // The answer to an old question, when another tab was faster, changes nothing.
        const fresh = body.messages.filter((one) => one.seq > state.after);
        const isNews = fresh.length || body.seq > state.after || String(body.typing) !== String(typing);
        typing = body.typing;
        if (isNews) {
          const heard = new Set(fresh.map((one) => one.id));
          state.messages = [...state.messages, ...fresh].slice(-KEPT_MAX);
          state.outbox = state.outbox.filter((one) => !heard.has(one.id));
          state.after = Math.max(state.after, body.seq);
          if (body.status) state.status = body.status;
          if (fresh.length) state.status = body.status === 'resolved' ? 'resolved' : null;
          save();
        }
      } catch {
        tries += 1;
        await Promise.race([nap(pauseOf(tries)), new Promise((done) => (wake = done))]);
      }
    }
  }

  return {
    get state() {
      return state;
    },
    get session() {
      return session;
    },
    get typing() {
      return typing;
    },
    listen,
    flush,
    begin,
    /** Hands a file over; `send` posts a head, and the file behind it. Returns `{ status, body }`. */
    async add(file, send) {
      try {
        if (!session) await begin();
        const answer = await send(JSON.stringify({ token: state.token, name: file.name }) + '\n');
        return { status: answer.status, body: await answer.json() };
      } catch {
        return { status: 0 };
      }
    },
    say(text, more = {}, files = []) {
      const id = draw();
      state.outbox = [...state.outbox, { id, text, files, at: Date.now(), body: { id, text, ...more } }];
      state.status = null;
      save();
      void flush();
      return id;
    },
    /** Sends what is no message; it waits in the same outbox. */
    post(path, body) {
      state.outbox = [...state.outbox, { id: draw(), text: '', at: Date.now(), body: { path, ...body } }];
      save();
      void flush();
    },
    /** Remembers something beside the messages. */
    note(more) {
      state = { ...state, ...more };
      save();
    },
    again(id) {
      state.outbox = state.outbox.map((one) => (one.id === id ? { ...one, refused: false } : one));
      save();
      void flush();
    },
    seen() {
      const last = state.messages.at(-1)?.seq || 0;
      if (last > (state.seen || 0)) {
        state.seen = last;
        save();
      }
    },
    isTyping: () => (isTyping = true),
    wake: () => wake(),
    close() {
      isOver = true;
      wake();
    },
  };
}

/** Reads which conversation a token opens: its first part is text, its second what proves it. */
export function conversationOf(token) {
  try {
    return atob(token.split('.')[0].replaceAll('-', '+').replaceAll('_', '/')).split('\n')[0];
  } catch {
    return null;
  }
}
