// Comments below a page: what was published, and a form. `data-block` names the block, `data-identity` may say who the visitor is: a
// token that the site has signed. Everything somebody wrote is put in as text, and a link leads to a page or nowhere.
import { draw, make } from './make.js';

const sheet = `
  :host { display: block; font: inherit; color: inherit; line-height: 1.5; overflow-wrap: anywhere; }
  h2 { margin: 0 0 .6em; font-size: 1.25em; }
  ol { margin: 0 0 1.2em; padding: 0; list-style: none; }
  li { padding: .7em 0; border-block-end: 1px solid color-mix(in srgb, currentColor 25%, transparent); }
  p { margin: .2em 0; white-space: pre-wrap; }
  .head { white-space: normal; }
  .reply { margin-inline-start: 1em; padding-inline-start: .8em; border-inline-start: 3px solid color-mix(in srgb, currentColor 35%, transparent); }
  a { color: inherit; }
  form { display: grid; gap: .7em; max-width: 40em; }
  fieldset { min-width: 0; margin: 0; padding: .4em .8em .6em; border: 1px solid color-mix(in srgb, currentColor 35%, transparent); border-radius: 8px; }
  label { display: grid; gap: .2em; }
  .pick { display: flex; gap: .5em; align-items: center; min-height: 28px; }
  .pick input { width: auto; }
  input, textarea, button { box-sizing: border-box; font: inherit; color: inherit; }
  input, textarea { width: 100%; min-height: 36px; padding: 6px 9px; border: 1px solid currentColor; border-radius: 6px; background: transparent; }
  button { justify-self: start; min-height: 40px; padding: 6px 16px; border: 2px solid currentColor; border-radius: 8px; background: transparent; cursor: pointer; font-weight: 600; }
  :focus-visible { outline: 2px solid currentColor; outline-offset: 2px; }
  [hidden], .trap { display: none; }
`;

export const words = {
  en: {
    title: 'Comments',
    none: 'Nobody has written yet.',
    nameless: 'Anonymous',
    verified: 'verified',
    reply: 'Our answer:',
    how: 'How you write',
    anonymous: 'without a name',
    named: 'with my name',
    mailed: 'with my name, confirmed by a link in a mail',
    known: 'as {name}',
    me: 'as who I am signed in as',
    name: 'Your name',
    link: 'A page of yours (if you like)',
    email: 'Your e-mail address, shown to nobody',
    tell: 'Tell me when you answer',
    words: 'Your comment',
    send: 'Send',
    thanks: 'Thank you! It appears when somebody has looked at it.',
    thanksMail: 'Thank you! Follow the link in the mail on its way to you; then somebody looks at it.',
    busy: 'That is a lot at once. Try again in an hour.',
    failed: 'That did not work. Try again.',
  },
  fr: {
    title: 'Commentaires',
    none: 'Personne n’a encore écrit.',
    nameless: 'Anonyme',
    verified: 'vérifié',
    reply: 'Notre réponse :',
    how: 'Comment vous écrivez',
    anonymous: 'sans nom',
    named: 'avec mon nom',
    mailed: 'avec mon nom, confirmé par un lien reçu par courriel',
    known: 'en tant que {name}',
    me: 'avec mon compte',
    name: 'Votre nom',
    link: 'Une page à vous (facultatif)',
    email: 'Votre adresse électronique, montrée à personne',
    tell: 'Prévenez-moi de votre réponse',
    words: 'Votre commentaire',
    send: 'Envoyer',
    thanks: 'Merci ! Il paraîtra après relecture.',
    thanksMail: 'Merci ! Suivez le lien du courriel qui vous parvient ; il sera relu ensuite.',
    busy: 'C’est beaucoup à la fois. Réessayez dans une heure.',
    failed: 'Cela n’a pas fonctionné. Réessayez.',
  },
  ru: {
    title: 'Комментарии',
    none: 'Пока никто не написал.',
    nameless: 'Без имени',
    verified: 'подтверждено',
    reply: 'Наш ответ:',
    how: 'Как вы пишете',
    anonymous: 'без имени',
    named: 'с моим именем',
    mailed: 'с моим именем, с подтверждением по ссылке из письма',
    known: 'как {name}',
    me: 'под моей учётной записью',
    name: 'Ваше имя',
    link: 'Ваша страница (по желанию)',
    email: 'Ваш адрес почты, его никто не увидит',
    tell: 'Сообщите мне об ответе',
    words: 'Ваш комментарий',
    send: 'Отправить',
    thanks: 'Спасибо! Он появится после проверки.',
    thanksMail: 'Спасибо! Откройте ссылку из письма, которое вам идёт; затем его проверят.',
    busy: 'Слишком много сразу. Попробуйте через час.',
    failed: 'Не получилось. Попробуйте ещё раз.',
  },
};

/** Returns an address if it leads to a page: a script is none. */
export const href = (link) => (/^https?:\/\/[^\s]+$/i.test(link || '') ? link : null);

function start(script) {
  const { block, lang, identity, into } = script.dataset;
  const base = new URL('.', script.src).href;
  const language = (lang || document.documentElement.lang || navigator.language || 'en').slice(0, 2);
  const say = words[language] || words.en;
  const page = location.origin + location.pathname;
  const host = make('div', { lang: words[language] ? language : 'en' });
  const root = host.attachShadow({ mode: 'open' });
  const rules = new CSSStyleSheet();
  rules.replaceSync(sheet);
  root.adoptedStyleSheets = [rules];
  const place = into && document.querySelector(into);
  if (place) place.append(host);
  else script.after(host);

  const ask = async (path, body) => {
    const answer = await fetch(base + path, { method: 'POST', body: JSON.stringify(body), credentials: 'omit' });
    return { status: answer.status, body: await answer.json().catch(() => ({})) };
  };
  const date = (at) => new Date(at).toLocaleDateString(language, { day: 'numeric', month: 'long', year: 'numeric' });

  const shown = (one) => {
    const name = one.name || say.nameless;
    const link = href(one.link);
    return make(
      'li',
      {},
      make(
        'p',
        { class: 'head' },
        make('strong', {}, link ? make('a', { href: link, rel: 'nofollow ugc noopener noreferrer' }, name) : name),
        one.level === 'verified' ? ` · ${say.verified}` : '',
        ` · ${date(one.at)}`,
      ),
      make('p', {}, one.words),
      one.reply ? make('p', { class: 'reply' }, make('strong', {}, say.reply), ' ' + one.reply) : null,
    );
  };

  async function load() {
    const { status, body } = await ask('comments', { block, page, identity }).catch(() => ({ status: 0 }));
    if (status !== 200) return;
    const list = body.comments.length ? make('ol', {}, ...body.comments.map(shown)) : make('p', {}, say.none);
    root.replaceChildren(make('h2', { id: 'title' }, say.title), list);
    if (body.levels.length) root.append(form(body));
  }

  function form({ levels, pass, name: known }) {
    const id = draw();
    const told = make('p', { role: 'status' });
    const field = (name, attributes, tag = 'input') =>
      make('label', {}, say[name], make(tag, { name, maxlength: '300', ...attributes }));
    const isKnown = (level) => level === 'verified' && pass;
    const label = (level) =>
      isKnown(level)
        ? known
          ? say.known.replace('{name}', known)
          : say.me
        : say[level === 'verified' ? 'mailed' : level];
    const name = field('name', { maxlength: '100', autocomplete: 'name' });
    const link = field('link', { type: 'url' });
    const email = field('email', { type: 'email', maxlength: '320', autocomplete: 'email' });
    const tell = make(
      'label',
      { class: 'pick' },
      make('input', { type: 'checkbox', name: 'tell', value: 'yes' }),
      say.tell,
    );
    const element = make(
      'form',
      { 'aria-labelledby': 'title', onsubmit: (event) => (event.preventDefault(), void send()) },
      make(
        'fieldset',
        {},
        make('legend', {}, say.how),
        ...levels.map((level, at) =>
          make(
            'label',
            { class: 'pick' },
            make('input', { type: 'radio', name: 'level', value: level, checked: at === 0, onchange: () => fit() }),
            label(level),
          ),
        ),
      ),
      name,
      link,
      email,
      tell,
      make(
        'p',
        { class: 'trap', 'aria-hidden': 'true' },
        make('input', { name: 'website', tabindex: '-1', autocomplete: 'off' }),
      ),
      field('words', { rows: '4', maxlength: '5000', required: true }, 'textarea'),
      make('button', { type: 'submit' }, say.send),
      told,
    );
    /** Shows the fields that the chosen level asks for. */
    function fit() {
      const level = element.elements.level.value;
      const needs = [
        [name, level !== 'anonymous' && !(isKnown(level) && known), true],
        [link, level !== 'anonymous', false],
        [email, level === 'verified' && !pass, true],
        [tell, level === 'verified' && !pass, false],
      ];
      for (const [label, isWanted, isRequired] of needs) {
        label.hidden = !isWanted;
        label.querySelector('input').required = isWanted && isRequired;
      }
    }
    async function send() {
      const sent = Object.fromEntries(new FormData(element));
      const body = {
        ...sent,
        block,
        page,
        id,
        lang: language,
        tell: sent.tell === 'yes',
        pass: isKnown(sent.level) ? pass : '',
      };
      const { status } = await ask('comments/new', body).catch(() => ({ status: 0 }));
      if (status === 200) {
        const isMailed = sent.level === 'verified' && !pass;
        const thanks = make('p', { role: 'status', tabindex: '-1' }, isMailed ? say.thanksMail : say.thanks);
        element.replaceWith(thanks);
        thanks.focus();
      } else told.textContent = status === 429 ? say.busy : say.failed;
    }
    fit();
    return element;
  }
  return load();
}

const script = typeof document === 'undefined' ? null : document.currentScript;
if (script?.dataset.block) void start(script);
