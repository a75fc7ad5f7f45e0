import { expect, it } from 'vitest';
import type { TouchpointMap } from '../../../app/api/types';
import { signalName } from './signal';

const channels: TouchpointMap['channels'] = [
  { id: 'email', name: { en: 'E-mail', fr: 'Courriel', ru: 'Электронная почта' }, group: 'direct' },
  { id: 'in-person', name: { en: 'In person', fr: 'En personne', ru: 'Лично' }, group: 'direct' },
  { id: 'shop', name: 'Shop', group: 'retail' },
];
const inFrench = (signal: string) =>
  signalName(signal, channels, (text) => (typeof text === 'string' ? text : (text.fr ?? '')));

it('calls the channel of a signal as the map does', () => {
  expect(inFrench('conversations · bot_reply · e-mail')).toBe('conversations · bot_reply · Courriel');
  expect(inFrench('till · purchase · shop')).toBe('till · purchase · Shop');
  expect(inFrench('desk · message · in person · shop.example')).toBe('desk · message · En personne · shop.example');
});

it('leaves what the map does not know, and what is no channel', () => {
  expect(inFrench('conversations · question · community · community')).toBe(
    'conversations · question · community · community',
  );
  expect(inFrench('email · email')).toBe('email · email');
  expect(inFrench('till')).toBe('till');
});
