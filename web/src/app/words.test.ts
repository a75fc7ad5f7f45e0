// Every catalogue of the application: complete in three languages, with the same values in each sentence, the plural
// forms that each language needs, and no text outside the catalogues.
import { describe, expect, it } from 'vitest';
import { needs, pluralForms } from './i18n/message';

type Catalogue = Record<string, string>;
const files = import.meta.glob<{ default: Catalogue }>('../**/words/{en,fr,ru}.ts', { eager: true });
const folders = [...new Set(Object.keys(files).map((path) => path.replace(/\/\w+\.ts$/, '')))];
const catalogue = (folder: string, language: string): Catalogue => files[`${folder}/${language}.ts`]?.default ?? {};

const forms: Record<string, string[]> = {
  en: ['one', 'other'],
  fr: ['many', 'one', 'other'],
  ru: ['few', 'many', 'one', 'other'],
};

describe.each(folders)('%s', (folder) => {
  const english = catalogue(folder, 'en');

  it('has sentences', () => expect(Object.keys(english).length).toBeGreaterThan(0));

  it.each(['fr', 'ru'])('is complete in %s', (language) => {
    expect(Object.keys(catalogue(folder, language)).sort()).toEqual(Object.keys(english).sort());
  });

  it.each(['fr', 'ru'])('needs the same values in %s', (language) => {
    for (const [key, sentence] of Object.entries(catalogue(folder, language))) {
      // A count may be a bare number where a language needs no plural form there.
      const names = (text: string) => needs(text).map((need) => need.replace(/:(plural|number)$/, ':count'));
      expect(names(sentence), key).toEqual(names(english[key] ?? ''));
    }
  });

  it.each(['en', 'fr', 'ru'])('has the plural forms of %s', (language) => {
    for (const [key, sentence] of Object.entries(catalogue(folder, language))) {
      for (const found of pluralForms(sentence)) expect(found.sort(), key).toEqual(forms[language]);
    }
  });
});

describe('components', () => {
  const sources = import.meta.glob<string>('../**/*.svelte', { eager: true, query: '?raw', import: 'default' });

  it.each(Object.keys(sources))('%s holds no text of its own', (path) => {
    const markup = (sources[path] ?? '')
      .replaceAll(/<!--[\s\S]*?-->/g, '')
      .replaceAll(/<(script|style)[\s\S]*?<\/\1>/g, '')
      .replaceAll(/=>/g, '');
    // What stands between tags, without expressions: no word may be left.
    let text = markup;
    for (let before = ''; before !== text; ) {
      before = text;
      text = text.replaceAll(/\{[^{}]*\}/g, '');
    }
    const bare = text.replaceAll(/<[^>]*>/g, ' ').match(/\p{L}{3,}/gu);
    expect(bare).toBeNull();
  });

  it.each(Object.keys(sources))('%s reads nothing of its own aloud', (path) => {
    const markup = (sources[path] ?? '').replaceAll(/<(script|style)[\s\S]*?<\/\1>/g, '');
    // An example of an address or of a code is the same in every language.
    const told = [...markup.matchAll(/\s(?:aria-label|title|placeholder|alt|label|text|lead)="([^"{]*)"/g)]
      .map((match) => match[1] ?? '')
      .filter((text) => /\p{L}{3,}/u.test(text) && !/[@/.:_+-]/.test(text));
    expect(told).toEqual([]);
  });
});
