import { afterEach, describe, expect, it } from 'vitest';
import document from '../../../../openapi.json';
import { Problem } from '../../../app/api/client';
import { language } from '../../../app/i18n/language.svelte';
import { needs } from '../../../app/i18n/message';
import { columnsIn, problemOf, sentence } from './telling';
import en from './words/en';
import fr from './words/fr';
import ru from './words/ru';

afterEach(() => void (language.code = 'en'));

describe('what the server tells', () => {
  const told = {
    code: 'score_out_of_range',
    says: '`stars` is no whole number from 1 to 5',
    values: { column: 'stars', low: 1, high: 5 },
  };

  it('is said in the language of the reader', () => {
    expect(sentence(told)).toBe('“stars” is no whole number from 1 to 5');
    language.code = 'fr';
    expect(sentence(told)).toBe('«\u00a0stars\u00a0» n’est pas un nombre entier de 1 à 5');
    language.code = 'ru';
    expect(sentence(told)).toBe('«stars»: это не целое число от 1 до 5');
  });

  it('lists names in the quotes of the language', () => {
    const empty = { code: 'time_empty', says: '', values: { columns: ['day', 'hour'] } };
    language.code = 'ru';
    expect(sentence(empty)).toBe('«day», «hour»: пусто, а время нужно');
    expect(columnsIn(empty)).toEqual(['day', 'hour']);
    expect(columnsIn(told)).toEqual(['stars']);
    expect(columnsIn({ says: 'It is broken' })).toEqual([]);
  });

  it('counts as the language does', () => {
    language.code = 'ru';
    const row = (cells: number) => sentence({ code: 'cells_miscounted', says: '', values: { cells, header: 5 } });
    expect([1, 3, 5].map(row)).toEqual([
      'В строке 1 ячейка, в заголовке 5 ячеек',
      'В строке 3 ячейки, в заголовке 5 ячеек',
      'В строке 5 ячеек, в заголовке 5 ячеек',
    ]);
  });

  it('is the sentence of the server where nothing better is known', () => {
    language.code = 'fr';
    expect(sentence({ says: 'It is broken' })).toBe('It is broken');
    expect(sentence({ code: 'of_tomorrow', says: 'It is broken', values: {} })).toBe('It is broken');
    // What was stored before values were: the words would have holes.
    expect(sentence({ code: 'score_out_of_range', says: told.says })).toBe(told.says);
    expect(sentence({ code: 'toString', says: 'It is broken' })).toBe('It is broken');
    expect(sentence({ code: 'worth_too_large', says: 'the amount is too large' })).toBe('Le montant est trop grand');
  });

  it('may be a problem', () => {
    language.code = 'fr';
    const telling = { code: 'time_choice' as const, says: '[time] needs one', values: {} };
    expect(problemOf(new Problem(400, '[time] needs one', '', 'Choose', telling))).toContain('[time] a besoin');
    expect(problemOf(new Problem(400, 'It is broken', 'it is torn', 'Mend it'))).toBe(
      'It is broken. it is torn. Mend it',
    );
    expect(problemOf(new Problem(0))).toContain('serveur');
    expect(problemOf(new Error('odd'))).toBe('odd');
  });
});

describe('the codes of the server', () => {
  const { enum: codes, 'x-values': values } = document.components.schemas.TellingCode;
  const languages: Record<string, Record<string, string>> = { en, fr, ru };

  it('are many', () => expect(codes.length).toBeGreaterThan(100));

  describe.each(Object.keys(languages))('in %s', (code) => {
    const words = languages[code] ?? {};

    it('have words, and nothing else has', () => expect(Object.keys(words).sort()).toEqual([...codes].sort()));

    it.each(codes)('%s needs no value that is not told', (one) => {
      const told = (values as Record<string, string[]>)[one] ?? [];
      for (const need of needs(words[one] ?? '')) expect(told, one).toContain(need.split(':')[0]);
    });
  });
});
