// Windows over the page: asks which there are, waits for their triggers, and asks again before one opens. A window takes no
// focus, hides nothing, and closes by its cross or by Escape. Everything somebody wrote is put in as text, never as HTML.

import { draw } from './make.js';

const sheet = `
  .window { --paper: #fffefb; --ink: #1b2228; --soft: #545d66;
    --rim: var(--edge, #1c5799); position: fixed; z-index: 2147482999; inset-block-end: 20px; inset-inline-start: 20px; box-sizing: border-box;
    width: min(380px, calc(100vw - 40px)); max-height: calc(100dvh - 40px); overflow-y: auto; padding: 16px 18px 18px; border-radius: 12px;
    background: var(--paper); color: var(--ink); font: 400 15px/1.45 system-ui, 'Segoe UI', Roboto, 'Noto Sans', sans-serif;
    box-shadow: 0 6px 30px #0005; overflow-wrap: anywhere; }
  .window h2 { margin: 0 0 6px; padding-inline-end: 36px; font-size: 18px; font-weight: 600; }
  .window p { margin: 0 0 12px; white-space: pre-wrap; }
  .window .cross { position: absolute; inset-block-start: 6px; inset-inline-end: 6px; width: 40px; height: 40px; border: 0; border-radius: 8px;
    background: none; color: var(--soft); font-size: 24px; line-height: 1; cursor: pointer; }
  .window .act { display: inline-block; min-height: 24px; padding: 8px 16px; border: 0; border-radius: 8px; background: var(--colour, #1c5799);
    color: var(--on, #fff); font: inherit; text-decoration: none; cursor: pointer; }
  .window :focus-visible { outline: 2px solid var(--rim); outline-offset: 2px; }
  @media (prefers-color-scheme: dark) { .window { --rim: var(--edge-dark, #7fb0ea); --paper: #1c2024; --ink: #e9e7e2; --soft: #a7afb7; } }
  @media (max-width: 480px) { .window { inset-inline: 8px; inset-block-end: 84px; width: auto; } }
  @media print { .window { display: none; } }
`;
const labels = { en: 'Close', fr: 'Fermer', ru: 'Закрыть' };
const DAY = 86_400_000;

/** Remembers in the browser when which window was open; `may` says no where nothing can be remembered. */
export function memory(storage, name, now = Date.now) {
  const read = () => {
    try {
      return JSON.parse(storage.getItem(name)) || {};
    } catch {
      return null;
    }
  };
  return {
    may({ id, times, days }) {
      const seen = read()?.[id];
      return read() !== null && (seen || []).filter((at) => at > now() - days * DAY).length < times;
    },
    note({ id, times }) {
      try {
        const all = read() || {};
        all[id] = [...(all[id] || []), now()].slice(-times);
        storage.setItem(name, JSON.stringify(all));
        return true;
      } catch {
        return false;
      }
    },
  };
}

/** Calls `fire` once, when the trigger comes; returns what disarms it. */
export function arm(trigger, fire, { view = window, page = document } = {}) {
  const off = [];
  const on = (target, name, listen) => {
    target.addEventListener(name, listen, { passive: true });
    off.push(() => target.removeEventListener(name, listen));
  };
  const disarm = () => off.splice(0).forEach((one) => one());
  const go = () => (disarm(), fire());
  if (trigger.when === 'time') {
    const timer = view.setTimeout(go, trigger.seconds * 1000);
    off.push(() => view.clearTimeout(timer));
  } else if (trigger.when === 'scroll') {
    const look = () => {
      const { scrollHeight } = page.documentElement;
      if ((view.scrollY + view.innerHeight) * 100 >= scrollHeight * trigger.percent) go();
    };
    on(view, 'scroll', look);
    look();
  } else if (trigger.when === 'exit') {
    on(page, 'mouseout', (event) => event.relatedTarget === null && event.clientY <= 0 && go());
  }
  return disarm;
}

export function start({ key, base, language, root, identity }) {
  const rules = new CSSStyleSheet();
  rules.replaceSync(sheet);
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, rules];
  let storage;
  let visitor;
  try {
    storage = localStorage;
    visitor = storage.getItem('touchline') || undefined;
  } catch {
    storage = null;
  }
  const seen = memory(storage, 'touchline.popups.' + key);
  let armed = [];
  let open = null;
  // Who the site says this is: its word is good once, what comes back for it as long as the page.
  let pass;

  const ask = async (path, body) => {
    const options = {
      method: 'POST',
      body: JSON.stringify({ key, visitor, pass, ...body }),
      credentials: 'omit',
      keepalive: true,
    };
    const answer = await fetch(base + path, options);
    return answer.ok ? answer.json() : {};
  };

  async function show(popup) {
    // One at a time; whoever was let in once is not asked about the next before this one is gone.
    if (open || !seen.may(popup)) return;
    const id = draw();
    open = id;
    const { show: may } = await ask('popups/show', { id: popup.id, show: id }).catch(() => ({}));
    if (!may || !seen.note(popup)) return void (open = null);
    place(popup, id);
  }

  function place(popup, id) {
    const since = performance.now();
    const make = (name, attributes, text = '') => {
      const element = document.createElement(name);
      for (const [at, value] of Object.entries(attributes)) element.setAttribute(at, value);
      element.textContent = text;
      return element;
    };
    const before = root.activeElement || document.activeElement;
    const section = make('section', { class: 'window', role: 'dialog', 'aria-labelledby': 'window' });
    const end = (acted) => {
      if (!section.isConnected) return;
      const had = section.contains(root.activeElement);
      section.remove();
      open = null;
      if (had) before?.focus?.();
      ask('popups/end', { show: id, after_ms: Math.round(performance.now() - since), acted }).catch(() => undefined);
    };
    const cross = make('button', { type: 'button', class: 'cross', 'aria-label': labels[language] || labels.en }, '×');
    cross.addEventListener('click', () => end(false));
    section.addEventListener('keydown', (event) => event.key === 'Escape' && end(false));
    section.append(make('h2', { id: 'window' }, popup.title));
    if (popup.text) section.append(make('p', {}, popup.text));
    if (popup.button) {
      const act = popup.link
        ? make('a', { class: 'act', href: popup.link }, popup.button)
        : make('button', { type: 'button', class: 'act' }, popup.button);
      act.addEventListener('click', () => end(true));
      section.append(act);
    }
    section.append(cross);
    root.append(section);
  }

  async function look() {
    armed.splice(0).forEach((disarm) => disarm());
    const who = identity;
    identity = undefined;
    const told = await ask('popups', { path: location.pathname, identity: who }).catch(() => ({}));
    const { popups = [] } = told;
    pass = told.pass || pass;
    armed = popups.filter(seen.may).map((popup) => arm(popup.trigger, () => void show(popup)));
  }
  let path = location.pathname;
  window.navigation?.addEventListener('navigatesuccess', () => {
    if (location.pathname === path) return;
    path = location.pathname;
    void look();
  });
  return look();
}
