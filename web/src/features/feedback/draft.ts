// A survey while it is edited: its questions with a key of their own, so that they can be moved about, and options as lines.
import type { Question, SurveyKind } from './api';

export interface Draft extends Question {
  /** Tells questions apart while they have no number yet. */
  key: string;
  /** Options of a choice, one in a line. */
  lines: string;
  /** Options of recall. */
  places: { words: string; touchpoint: string }[];
  /** The touchpoints that stood there before: they were answered, and stay. */
  fixed: string[];
  touchpoint: string;
  brand: string;
  words: string;
  many: boolean;
  optional: boolean;
}

let made = 0;

/** Returns a new question of a kind. */
export function added(kind: SurveyKind): Draft {
  made += 1;
  const blank = { id: 0, kind, words: '', touchpoint: '', brand: '', many: false, optional: false, removed: false };
  return { ...blank, key: `new${made}`, lines: '', places: [], fixed: [] };
}

/** Returns the questions that are asked, ready to be edited. */
export function drafted(questions: readonly Question[]): Draft[] {
  return questions
    .filter((question) => !question.removed)
    .map((question) => {
      const options = (question.options ?? []).map(({ words, touchpoint }) => ({
        words,
        touchpoint: touchpoint ?? '',
      }));
      return {
        ...question,
        touchpoint: question.touchpoint ?? '',
        brand: question.brand ?? '',
        words: question.words ?? '',
        many: question.many ?? false,
        optional: question.optional ?? false,
        key: String(question.id),
        lines: options.map((option) => option.words).join('\n'),
        places: options,
        fixed: options.map((option) => option.touchpoint),
      };
    });
}

/** Returns what is sent: options only where the kind has them, blank lines left away. */
export function written(drafts: readonly Draft[]): Question[] {
  return drafts.map(({ key: _key, lines, places, fixed: _fixed, ...question }) => {
    const choices = lines
      .split('\n')
      .map((line) => ({ words: line.trim() }))
      .filter((option) => option.words !== '');
    const options = question.kind === 'choice' ? choices : question.kind === 'recall' ? places : [];
    return { ...question, words: question.words.trim(), options };
  });
}

/** Returns the list with one question moved by so many places; beyond the ends it stays. */
export function moved<T>(list: readonly T[], at: number, by: number): T[] {
  const to = at + by;
  const one = list[at];
  if (one === undefined || to < 0 || to >= list.length) return [...list];
  const others = list.filter((_, place) => place !== at);
  return [...others.slice(0, to), one, ...others.slice(to)];
}
