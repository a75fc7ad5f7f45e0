// Tells a Touchline server what a visitor does on a page: views, clicks, forms, downloads, scrolling, time. No cookie,
// no value of a form, no `eval`, one global. The server fills in SETTINGS; `docs/capture/tracker.md` explains the rest.
// What keeps the file small: it decides nothing. Names become touchpoints, and machines are told apart, on the server.
/* global SETTINGS */
(() => {
  const page = document;
  const place = location;
  const settings = SETTINGS;
  const script = page.currentScript;
  const waiting = window.touchline?.q ?? [];
  // 0 nothing, 1 nobody is known for longer than a day, 2 nothing is sent.
  const wish = Math.max(
    settings.cookieless,
    navigator.globalPrivacyControl ? settings.gpc : 0,
    navigator.doNotTrack === '1' ? settings.dnt : 0,
  );
  if (wish > 1 || !script) {
    window.touchline = () => {};
    return;
  }

  const address = new URL(settings.to, script.src).href;
  // Not `randomUUID`: pages without HTTPS do not have it.
  const draw = () =>
    Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');

  const visitor = () => {
    try {
      if (wish) return void localStorage.removeItem('touchline');
      const known = localStorage.getItem('touchline') ?? draw();
      localStorage.setItem('touchline', known);
      return known;
    } catch {
      // Storage that is shut off is a wish too.
    }
  };

  let queue = [];
  let user;
  let timer;
  let pause = 1000;
  const body = (events) => JSON.stringify({ key: settings.key, sent: Date.now(), visitor: visitor(), user, events });

  const add = (name, form, more) => {
    queue.push({ id: draw(), at: Date.now(), name, form, url: seen, ...more });
    // A server that is away for long costs the oldest events, not the page's memory.
    queue = queue.slice(-100);
    timer ??= setTimeout(flush, 250);
  };

  const flush = async () => {
    const batch = queue.slice(0, 25);
    let again = 0;
    try {
      // A text as body needs no preflight.
      const answer = await fetch(address, { method: 'POST', body: body(batch), keepalive: true, credentials: 'omit' });
      if (answer.status === 429 || answer.status > 499) throw answer;
      queue = queue.filter((event) => !batch.includes(event));
      pause = 1000;
    } catch {
      // The ids stay, so that nothing counts twice, whatever became of the first try.
      again = pause = Math.min(pause * 2, 60000);
    }
    timer = queue.length ? setTimeout(flush, again) : undefined;
  };

  // Time counts while the page is looked at; depth is the lowest point that was seen, in per cent.
  let seen;
  let referrer = page.referrer;
  let since = 0;
  let looked = 0;
  let depth = 0;
  let told = 0;
  const look = () => {
    const now = performance.now();
    if (since) looked += now - since;
    since = page.visibilityState === 'visible' && page.hasFocus() ? now : 0;
  };
  const scroll = () => {
    const height = page.documentElement.scrollHeight;
    depth = Math.max(depth, Math.min(100, Math.round(((scrollY + innerHeight) / height) * 100)));
  };
  const leave = () => {
    look();
    if (looked >= 1000 || depth > told) {
      add('engagement', 'other', { props: { seconds: Math.round(looked / 1000), scroll: depth } });
      looked = 0;
      told = depth;
    }
  };
  const view = () => {
    const now = place.href.split('#')[0];
    if (now === seen) return;
    if (seen) {
      leave();
      referrer = seen;
    }
    seen = now;
    depth = told = 0;
    add('page', 'visit', { referrer, width: innerWidth });
    scroll();
  };

  const click = (event) => {
    const hit = event.target;
    const marked = hit.closest?.('[data-touchline]:not(form)');
    const link = hit.closest?.('a[href],area[href]');
    // Nothing behind `?`, no address and no number: they may be personal.
    const props = link && { to: link.host ? link.host + link.pathname : link.protocol };
    if (marked) add(marked.dataset.touchline, 'click', { props });
    if (!link) return;
    if (
      link.hasAttribute('download') ||
      /\.(pdf|zip|docx?|xlsx?|pptx?|od[tsp]|csv|epub|ics|vcf|dmg|exe|apk|mp[34])$/i.test(link.pathname)
    )
      add('download', 'download', { props });
    else if (link.host !== place.host && !marked && /^(http|mailto|tel)/.test(link.protocol))
      add('outbound', 'click', { props });
  };

  const calls = {
    page: view,
    track: (name, props, more) => add(name, 'other', { props, ...more }),
    outcome: (name, { id, value, currency, coupon, ...props } = {}) =>
      add(name, 'purchase', { outcome: id, value, currency, coupon, props }),
    identify: (id, traits) => {
      user = String(id);
      add('identify', 'other', { traits });
    },
    forget: () => {
      user = undefined;
      localStorage.removeItem('touchline');
    },
  };

  const start = () => {
    window.touchline = (call, ...args) => calls[call]?.(...args);
    view();
    look();
    waiting.forEach((args) => window.touchline(...args));
    for (const name of ['pushState', 'replaceState']) {
      const original = history[name];
      history[name] = function (...args) {
        original.apply(this, args);
        view();
      };
    }
    addEventListener('popstate', view);
    // Back and forward may show a page as it was left, without loading it.
    addEventListener('pageshow', ({ persisted }) => {
      if (!persisted) return;
      seen = undefined;
      view();
    });
    addEventListener('focus', look);
    addEventListener('blur', look);
    addEventListener('scroll', scroll, { passive: true });
    page.addEventListener('click', click, true);
    page.addEventListener('auxclick', (event) => event.button === 1 && click(event), true);
    page.addEventListener(
      'submit',
      ({ target }) =>
        add(target.dataset.touchline ?? 'submit', 'submission', {
          props: { form: target.getAttribute('name') ?? target.id },
        }),
      true,
    );
    page.addEventListener('visibilitychange', () => {
      if (page.visibilityState === 'visible') return look();
      leave();
      // Whatever of it was on its way already is known by its id.
      if (queue.length && navigator.sendBeacon(address, body(queue))) queue = [];
    });
  };
  if (page.prerendering) page.addEventListener('prerenderingchange', start, { once: true });
  else start();
})();
