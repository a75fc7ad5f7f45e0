import { expect, test } from 'vitest';
import { guessed } from './mailHosts';

test('the servers of an address are guessed, and of what is none nothing is', () => {
  expect(guessed('help@gmail.com')?.server).toBe('smtp.gmail.com:587');
  expect(guessed('Help@Mail.RU')).toEqual({
    imap_server: 'imap.mail.ru:993',
    imap_security: 'tls',
    server: 'smtp.mail.ru:465',
    security: 'tls',
  });
  expect(guessed(' help@shop.example.org ')?.imap_server).toBe('imap.shop.example.org:993');
  for (const text of ['', 'help', 'help@', 'help@localhost', 'a b@example.org', 'a@b@example.org']) {
    expect(guessed(text), text).toBeNull();
  }
});
