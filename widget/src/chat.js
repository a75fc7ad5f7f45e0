// The window of the chat: what was said, a field, a form for whoever wants an answer by mail, and questions at the end.
// Everything a person wrote is put in as text, never as HTML.
import { wear } from './colour.js';
import { openLine } from './line.js';
import { make } from './make.js';
import { style } from './style.js';
import { survey } from './survey.js';
import { words } from './words.js';

/** Puts a text in, with its web addresses as links. */
function written(text) {
  const parts = String(text ?? '').split(/(https?:\/\/[^\s<>"']+)/g);
  return parts.map((part, place) =>
    place % 2 ? make('a', { href: part, target: '_blank', rel: 'noopener noreferrer nofollow' }, part) : part,
  );
}

export function start({ key, base, language, root, host, button, count, identity }) {
  const say = words[language] || words.en;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(style);
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];

  let visitor;
  let storage;
  try {
    storage = localStorage;
    visitor = storage.getItem('touchline') || undefined;
  } catch {
    storage = { getItem: () => null, setItem: () => undefined };
  }
  const ask = async (path, body) => {
    // A text as body needs no preflight.
    const answer = await fetch(base + path, { method: 'POST', body: JSON.stringify(body), credentials: 'omit' });
    return { status: answer.status, body: await answer.json().catch(() => ({})) };
  };
  const channel = typeof BroadcastChannel === 'function' ? new BroadcastChannel('touchline.chat.' + key) : null;
  const line = openLine({ key, ask, storage, identity, visitor, channel, changed: () => redraw() });

  const title = make('h2', { id: 'title' });
  // Where the page lets no pictures of ours in, the name stands alone.
  const logo = make('img', {
    alt: '',
    hidden: true,
    onload: () => (logo.hidden = false),
    onerror: () => (logo.hidden = true),
  });
  const log = make('div', { class: 'log', role: 'log', 'aria-live': 'polite', 'aria-label': say.log, tabindex: '0' });
  const typing = make('p', { class: 'typing', 'aria-live': 'polite' });
  const field = make('textarea', { rows: '2', maxlength: '10000', 'aria-label': say.write, placeholder: say.write });
  const send = make('button', { type: 'submit', class: 'main' }, say.send);
  const picker = make('input', { type: 'file', 'aria-label': say.file, title: say.file, onchange: () => attach() });
  const talk = make('form', { class: 'talk' }, make('label', { class: 'add' }, '+', picker), field, ear(), send);
  const swap = make('button', { type: 'button', class: 'link' });
  const contact = make('ul', { class: 'contact' });
  const mail = make(
    'form',
    { class: 'mail', hidden: true },
    make('label', {}, say.name, make('input', { name: 'name', autocomplete: 'name', maxlength: '200' })),
    make(
      'label',
      {},
      say.email,
      make('input', { name: 'email', type: 'email', autocomplete: 'email', required: true, maxlength: '320' }),
    ),
    make('label', {}, say.write, make('textarea', { name: 'text', rows: '4', required: true, maxlength: '10000' })),
    make('button', { type: 'submit', class: 'main' }, say.send),
  );
  const told = make('p', { class: 'told', role: 'status' });
  const rate = survey({ say, language, ask, line, told });
  const panel = make(
    'section',
    {
      class: 'panel',
      role: 'dialog',
      'aria-labelledby': 'title',
      hidden: true,
      lang: words[language] ? language : 'en',
    },
    make(
      'header',
      {},
      logo,
      title,
      make('button', { type: 'button', class: 'close', 'aria-label': say.close, onclick: () => toggle(false) }, '×'),
    ),
    log,
    typing,
    rate.form,
    talk,
    mail,
    told,
    make('footer', {}, swap, contact),
  );
  root.append(panel);

  let isForm = false;
  let shown = '';

  /** Returns the button by which a message is spoken, where the browser can listen; nothing is sent before it is pressed. */
  function ear() {
    const Ear = window.SpeechRecognition || window.webkitSpeechRecognition;
    if (!Ear) return null;
    let listening = null;
    const button = make(
      'button',
      { type: 'button', class: 'add ear', 'aria-label': say.listen, 'aria-pressed': 'false', title: say.listen },
      make('span', { 'aria-hidden': 'true' }, '🎤'),
    );
    button.addEventListener('click', () => {
      if (listening) return listening.stop();
      const before = field.value.trim();
      listening = new Ear();
      // The dialect of the browser, if it speaks the language of the widget.
      listening.lang = navigator.languages?.find((one) => one.startsWith(language)) || language;
      listening.interimResults = true;
      listening.onresult = ({ results }) => {
        const heard = [...results].map(([best]) => best.transcript).join('');
        field.value = [before, heard.trim()].filter(Boolean).join(' ');
      };
      listening.onerror = ({ error }) => {
        if (error === 'not-allowed' || error === 'service-not-allowed') told.textContent = say.deaf;
      };
      listening.onend = () => {
        listening = null;
        button.setAttribute('aria-pressed', 'false');
        field.focus();
      };
      told.textContent = '';
      button.setAttribute('aria-pressed', 'true');
      listening.start();
    });
    return button;
  }

  /** Sends a file: first its bytes, then a message that names it, with whatever is in the field. */
  async function attach() {
    const [file] = picker.files;
    if (!file) return;
    told.textContent = say.adding;
    const { status, body } = await line.add(file, (head) =>
      fetch(base + 'file', { method: 'POST', body: new Blob([head, file]), credentials: 'omit' }),
    );
    picker.value = '';
    told.textContent = status === 201 ? '' : say.noFile;
    if (status !== 201) return;
    line.say(field.value.trim(), { page: location.href, files: [body.id] }, [body]);
    field.value = '';
  }

  /** Saves a file of the conversation: the address tells nobody's token, so it is asked for like everything else. */
  async function save(file) {
    const wanted = JSON.stringify({ token: line.state.token, file: file.id });
    const answer = await fetch(base + 'fetch', { method: 'POST', body: wanted, credentials: 'omit' });
    if (!answer.ok) return;
    const address = URL.createObjectURL(await answer.blob());
    make('a', { href: address, download: file.name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  }

  const bubble = (text, mine, foot, more, files = []) =>
    make(
      'div',
      { class: mine ? 'one mine' : 'one' },
      make(
        'p',
        {},
        ...written(text),
        ...files.map((file) =>
          make('button', { type: 'button', class: 'file', onclick: () => void save(file).catch(() => {}) }, file.name),
        ),
      ),
      make('small', {}, foot, ...(more || [])),
    );

  function redraw() {
    const { state, session } = line;
    const open = session?.widget;
    if (open) {
      title.textContent = open.name;
      wear(host, open.colour);
      if (open.logo && !logo.src) logo.src = base + 'logo';
      if (contact.children.length !== open.contact.length)
        contact.replaceChildren(...open.contact.map((text) => make('li', {}, text)));
    }
    const time = (at) => new Date(at).toLocaleTimeString(language, { hour: '2-digit', minute: '2-digit' });
    const now = JSON.stringify([
      state.messages.length,
      state.after,
      state.outbox,
      state.status,
      open,
      session?.open,
      isForm,
    ]);
    if (now !== shown) {
      shown = now;
      const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
      const greeting = session && !session.open ? say.away : open?.greeting || say.greeting;
      const items = [make('p', { class: 'greeting' }, greeting)];
      for (const one of state.messages)
        items.push(
          bubble(one.text, one.mine, `${one.mine ? say.you : one.author || say.us} · ${time(one.at)}`, [], one.files),
        );
      // Buttons stand under the last word, until something is said.
      const choices = state.outbox.length ? null : state.messages.at(-1)?.buttons;
      if (choices?.length)
        items.push(
          make(
            'div',
            { class: 'choices' },
            ...choices.map(({ id, label }) =>
              make(
                'button',
                {
                  type: 'button',
                  onclick: () => {
                    line.say(label, { button: id, language, page: location.href });
                    field.focus();
                  },
                },
                label,
              ),
            ),
          ),
        );
      for (const one of state.outbox) {
        if (one.body.path) continue;
        const again =
          one.refused &&
          make('button', { type: 'button', class: 'link', onclick: () => line.again(one.id) }, say.again);
        items.push(
          bubble(one.text, true, one.refused ? say.refused + ' ' : say.waiting, again ? [again] : [], one.files),
        );
      }
      if (state.status === 'resolved') items.push(make('p', { class: 'greeting' }, say.ended));
      log.replaceChildren(...items);
      if (isAtEnd || state.messages.at(-1)?.mine) log.scrollTop = log.scrollHeight;
      talk.hidden = isForm;
      mail.hidden = !isForm;
      log.hidden = isForm;
      swap.textContent = isForm ? say.chat : say.form;
    }
    rate.show(!isForm && state.status === 'resolved');
    typing.textContent = line.typing.length ? `${line.typing[0]} ${say.typing}` : '';
    if (!panel.hidden && !document.hidden) line.seen();
    const unseen = state.messages.filter((one) => !one.mine && one.seq > (state.seen || 0)).length;
    count.textContent = unseen ? String(unseen) : '';
    button.setAttribute('aria-label', unseen ? `${say.open} (${unseen})` : say.open);
  }

  function toggle(isOpen = panel.hidden) {
    panel.hidden = !isOpen;
    button.setAttribute('aria-expanded', String(isOpen));
    if (isOpen) {
      redraw();
      log.scrollTop = log.scrollHeight;
      (isForm ? mail.elements[0] : field).focus();
    } else button.focus();
  }

  talk.addEventListener('submit', (event) => {
    event.preventDefault();
    const text = field.value.trim();
    if (!text) return;
    field.value = '';
    told.textContent = '';
    line.say(text, { language, page: location.href });
    log.scrollTop = log.scrollHeight;
  });
  field.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      talk.requestSubmit();
    } else line.isTyping();
  });
  mail.addEventListener('submit', (event) => {
    event.preventDefault();
    const [name, email, text] = ['name', 'email', 'text'].map((field) => mail.elements[field].value.trim());
    line.say(text, { path: 'form', key, name, email, page: location.href });
    mail.reset();
    isForm = false;
    told.textContent = say.thanks;
    redraw();
    field.focus();
  });
  swap.addEventListener('click', () => {
    isForm = !isForm;
    redraw();
    (isForm ? mail.elements[0] : field).focus();
  });
  panel.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') toggle(false);
    if (event.key !== 'Tab') return;
    // The window keeps the focus until it is closed.
    const all = [...panel.querySelectorAll('button, textarea, input, a, [tabindex]')].filter((one) => one.offsetParent);
    const [first, last] = [all[0], all.at(-1)];
    const at = root.activeElement;
    if (event.shiftKey && at === first) (last.focus(), event.preventDefault());
    else if (!event.shiftKey && at === last) (first.focus(), event.preventDefault());
  });
  addEventListener('online', () => line.wake());
  document.addEventListener('visibilitychange', () => !document.hidden && (line.wake(), redraw()));

  redraw();
  void line.flush();
  void line.listen();
  return { toggle, line };
}
