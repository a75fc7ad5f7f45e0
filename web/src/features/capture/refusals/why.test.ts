import { afterEach, describe, expect, it } from 'vitest';
import { language } from '../../../app/i18n/language.svelte';
import { whyOf } from './why';
import { codes } from './words';

afterEach(() => void (language.code = 'en'));

describe('why something was refused', () => {
  const why = {
    code: 'score_out_of_range',
    says: '`stars` is no whole number from 1 to 5',
    names: ['stars'],
    numbers: ['1', '5'],
  };

  it('is said in the language of the reader', () => {
    expect(whyOf(why)).toBe(why.says);
    language.code = 'fr';
    expect(whyOf(why)).toBe('«\u00a0stars\u00a0» n’est pas un nombre entier de 1 à 5');
    language.code = 'ru';
    expect(whyOf(why)).toBe('«stars»: это не целое число от 1 до 5');
  });

  it('is the sentence of the server where nothing better is known', () => {
    language.code = 'fr';
    expect(whyOf({ says: 'It is broken' })).toBe('It is broken');
    expect(whyOf({ code: 'of_tomorrow', says: 'It is broken' })).toBe('It is broken');
    expect(whyOf({ code: 'amount_too_large', says: 'the amount is too large' })).toBe('Le montant est trop grand');
  });
});

describe('the codes of the server', () => {
  const sources = import.meta.glob<string>('../../../../../crates/touchline/src/features/capture/**/*.rs', {
    eager: true,
    query: '?raw',
    import: 'default',
  });
  /** What is answered to the sender alone, and never kept. */
  const answered = /^(?:signature_|timestamp_|hook_|body_|mapping_unsound)/;
  const used = Object.values(sources)
    .map((source) => source.split('#[cfg(test)]')[0] ?? '')
    .flatMap((source) => [...source.matchAll(/Reason::new\(\s*"([a-z_]+)"|(?:Reason \{ code: |wrong\()"([a-z_]+)"/g)])
    .map((match) => match[1] ?? match[2] ?? '')
    .filter((code) => !answered.test(code));

  it('are found', () => expect(new Set(used).size).toBeGreaterThan(30));

  it.each([...new Set(used)])('%s is said in three languages', (code) => expect(codes).toContain(code));
});
