// The questions after a conversation, one after another. Each answer is sent when it is given, so the first counts even where
// the rest is not answered. What was answered stands in storage: nobody is asked twice, after a reload neither.
import { draw, make } from './make.js';

/** Returns the question to ask now: the first that was neither answered nor left out. */
export const next = (questions, asked) =>
  asked?.over ? undefined : questions?.find((one) => !asked?.done?.includes(one.id));

/** Tells what somebody gave: pairs of field and value, without empty ones. */
export const given = (entries) =>
  [...entries].map(([name, value]) => [name, String(value).trim()]).filter(([, value]) => value);

export function survey({ say, language, ask, line, told }) {
  const form = make('form', { class: 'rate', hidden: true, onsubmit: (event) => (event.preventDefault(), submit()) });
  let questions = null;
  let isLoading = false;
  let shown = null;

  async function load() {
    isLoading = true;
    try {
      const { status, body } = await ask('survey/questions', { token: line.state.token, language });
      if (status === 200) questions = body.questions;
    } catch {
      // Asked again with the next news.
    }
    isLoading = false;
    if (questions) show(true);
  }

  /** Shows the question that is due, or nothing. */
  function show(isDue) {
    const { asked } = line.state;
    if (isDue && !asked?.over && !questions && !isLoading && line.state.token) void load();
    const question = isDue ? next(questions, asked) : undefined;
    form.hidden = !question;
    if (!question || shown === question) return;
    shown = question;
    form.replaceChildren(...drawn(question, questions.indexOf(question) + 1));
  }

  function note(question, isOver) {
    const { asked } = line.state;
    const done = question ? [...(asked?.done || []), question.id] : asked?.done || [];
    const isLast = !next(questions, { done });
    line.note({ asked: { id: asked?.id || draw(), done, over: isOver || isLast } });
    told.textContent = isOver || isLast ? say.rated : '';
  }

  function give(fields) {
    const question = shown;
    const had = form.contains(form.getRootNode().activeElement);
    note(question, false);
    // An answer left out is told too: it is not the same as one that never came.
    if (question.id || fields.length) line.post('survey', { id: line.state.asked.id, question: question.id, fields });
    show(true);
    // Whoever answers by keyboard or hears the page goes on with the next question.
    if (had && !form.hidden) form.querySelector('legend').focus();
  }

  function submit() {
    const fields = given(new FormData(form));
    if (fields.length || shown.optional) give(fields);
    else told.textContent = say.choose;
  }

  function drawn(question, place) {
    const all = questions.length;
    const id = (name) => 'q-' + name;
    const numbers = [];
    for (let value = question.low; value <= question.high; value += 1) numbers.push(String(value));
    const pick = (type, name, value, label) =>
      make('label', { class: 'pick' }, make('input', { type, name, value }), label);
    const ends =
      question.ends &&
      make(
        'p',
        { class: 'ends' },
        ...question.ends.map((words, at) => make('span', {}, `${at ? question.high : question.low} ${words}`)),
      );
    const inside = [];
    let isAtOnce = false;
    if (question.rows) {
      for (const row of question.rows)
        inside.push(
          make(
            'div',
            { role: 'radiogroup', 'aria-labelledby': id(row.name) },
            make('p', { id: id(row.name) }, row.label),
            make('div', { class: 'scale' }, ...numbers.map((value) => pick('radio', row.name, value, value))),
          ),
        );
    } else if (question.ends) {
      isAtOnce = true;
      const star = question.kind === 'rating' ? ' ★' : '';
      const press = (value) =>
        make(
          'button',
          {
            type: 'button',
            'aria-label': `${value} / ${question.high}`,
            onclick: () => give([[question.name, value]]),
          },
          value + star,
        );
      inside.push(make('div', { class: numbers.length > 7 ? 'scale wide' : 'scale' }, ...numbers.map(press)));
    } else if (question.options)
      for (const { value, label } of question.options)
        inside.push(pick(question.many ? 'checkbox' : 'radio', question.name, value, label));
    else
      inside.push(
        make('textarea', { name: question.name, rows: '3', maxlength: '5000', 'aria-label': question.legend }),
      );
    const optional = question.optional && question.id ? make('small', {}, ` (${say.optional})`) : null;
    return [
      make(
        'fieldset',
        {},
        make('legend', { tabindex: '-1' }, question.legend, optional),
        all > 1 && make('p', { class: 'step' }, say.step.replace('{n}', place).replace('{all}', all)),
        ...inside,
        ends,
        make(
          'div',
          { class: 'foot' },
          !isAtOnce && make('button', { type: 'submit', class: 'main' }, place < all ? say.next : say.send),
          question.optional && make('button', { type: 'button', class: 'link', onclick: () => give([]) }, say.skip),
          make('button', { type: 'button', class: 'link', onclick: () => (note(null, true), show(true)) }, say.stop),
        ),
      ),
    ];
  }

  return { form, show };
}
