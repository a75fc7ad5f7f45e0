import { afterEach, describe, expect, it } from 'vitest';
import type { TouchpointMap } from '../../../app/api/types';
import { language, read } from '../../../app/i18n/language.svelte';
import type { Signature } from '../api';
import { named } from '../words';
import { channelWord, wordsOf } from './signal';

afterEach(() => void (language.code = 'en'));

const channels = [{ id: 'mail', name: { en: 'E-mail', fr: 'Courriel' } }] as unknown as TouchpointMap['channels'];
const words = (signal: Partial<Signature>) =>
  wordsOf(signal as Signature, channels, read, named).map(({ word }) => word);

describe('the words of a signal', () => {
  it('says what our own rooms report in the language of the reader', () => {
    language.code = 'fr';
    const signal = { source: 'conversations', event: 'bot_reply', channel: 'e-mail', place: 'shop.example' };
    expect(words(signal)).toEqual(['Réponse du robot', 'Messages', 'Courriel', 'shop.example']);
  });

  it('keeps the words of other sources', () => {
    expect(words({ source: 'till', event: 'answer', campaign: 'message' })).toEqual(['answer', 'till', 'message']);
    expect(words({ source: 'feedback', event: 'brand_new' })).toEqual(['brand_new', 'Feedback']);
  });

  it('keeps the code beside the word', () => {
    const [first] = wordsOf({ source: 'by-hand', event: 'visit' } as Signature, [], read, named);
    expect(first).toEqual({ part: 'event', code: 'visit', word: 'Visit' });
  });

  it('calls a channel as the map does, then by the usual word', () => {
    language.code = 'ru';
    const said = (code: string) => channelWord(code, channels, read, named);
    expect([said('E mail'), said('in person'), said('in_person'), said('kiosk')]).toEqual([
      'E-mail',
      'Лично',
      'Лично',
      'kiosk',
    ]);
  });
});
