// Puts the button of the chat on a page, and fetches the rest when somebody presses it or a conversation goes on. The
// server fills in the key and the colour. The page may say who the visitor is: `data-identity` is a token that the site has signed.
import { wear } from './colour.js';

const script = document.currentScript;
const base = script ? new URL('.', script.src).href : '';
const key = 'KEY';
const popups = 'POPUPS';
const colour = 'COLOUR';

if (base && !window.touchlineChat) {
  const language = (script.dataset.lang || document.documentElement.lang || navigator.language || 'en').slice(0, 2);
  const labels = { en: 'Talk to us', fr: 'Parlez-nous', ru: 'Написать нам' };
  const host = document.createElement('div');
  // The page may be written from right to left, and may learn so after this script ran.
  const page = document.documentElement;
  const turn = () => (host.dir = getComputedStyle(page).direction);
  turn();
  new MutationObserver(turn).observe(page, { attributeFilter: ['dir', 'style', 'class'] });
  wear(host, colour);
  const root = host.attachShadow({ mode: 'open' });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    :host { all: initial; }
    button.open { position: fixed; z-index: 2147483000; inset-block-end: 20px; inset-inline-end: 20px; width: 56px; height: 56px;
      border: 0; border-radius: 50%; background: var(--colour, #1c5799); color: var(--on, #fff); cursor: pointer;
      box-shadow: 0 2px 10px #0005; }
    button.open:focus-visible { outline: 3px solid #fff; box-shadow: 0 0 0 6px #1b2228; }
    button.open svg { display: block; width: 26px; height: 26px; margin: auto; }
    .count { position: absolute; inset-block-start: -4px; inset-inline-end: -4px; min-width: 22px; padding: 0 6px; border-radius: 11px;
      background: #a3271f; color: #fff; font: 600 13px/22px system-ui, sans-serif; }
    .count:empty { display: none; }
  `);
  root.adoptedStyleSheets = [sheet];
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'open';
  button.setAttribute('aria-label', labels[language] || labels.en);
  button.setAttribute('aria-expanded', 'false');
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', 'M4 4h16a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2h-8l-6 5v-5H4a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2Z');
  path.setAttribute('fill', 'currentColor');
  svg.append(path);
  const count = document.createElement('span');
  count.className = 'count';
  button.append(svg, count);
  root.append(button);

  let ready;
  const load = () =>
    (ready ||= import(base + 'chat.js').then(
      ({ start }) => start({ key, base, language, root, host, button, count, identity: script.dataset.identity }),
      () => (ready = undefined),
    ));
  const show = async () => (await load())?.toggle();
  button.addEventListener('click', show);
  window.touchlineChat = { open: show };
  const put = () => document.body.append(host);
  if (document.body) put();
  else document.addEventListener('DOMContentLoaded', put);
  if (popups === 'yes')
    import(base + 'popup.js').then(
      ({ start }) => start({ key, base, language, root, identity: script.dataset.identity }),
      () => undefined,
    );
  try {
    // A conversation that goes on is heard of without a press.
    if (localStorage.getItem('touchline.chat.' + key)) load();
  } catch {
    // Without storage a conversation lasts as long as the page.
  }
}
