import { describe, expect, it } from 'vitest';
import { keepTogether, language, read, words } from './language.svelte';

describe('language', () => {
  it('speaks the language that was chosen', () => {
    const say = words({ hello: 'Hello {name}' }, { hello: 'Bonjour {name}' }, { hello: 'Привет, {name}' });
    expect(say('hello', { name: 'Ada' })).toBe('Hello Ada');
    language.code = 'ru';
    expect(say('hello', { name: 'Ada' })).toBe('Привет, Ada');
    language.code = 'en';
  });

  it('reads a text in the chosen language, or as it was written', () => {
    expect(read({ en: 'Shop', fr: 'Magasin' })).toBe('Shop');
    language.code = 'fr';
    expect(read({ en: 'Shop', fr: 'Magasin' })).toBe('Magasin');
    expect(read({ en: 'Shop', ru: 'Магазин' })).toBe('Shop');
    expect(read('Atelier')).toBe('Atelier');
    expect(read(undefined)).toBe('');
    language.code = 'en';
  });

  it('keeps French signs with their words', () => {
    expect(keepTogether('Le « lien » : 5 % ?')).toBe('Le «\u00a0lien\u00a0»\u00a0: 5\u00a0%\u00a0?');
  });
});
