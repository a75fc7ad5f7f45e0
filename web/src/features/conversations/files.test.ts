import { expect, it } from 'vitest';
import { sized } from './files';

it('a size is written in the unit that fits', () => {
  expect([sized(999, 'en'), sized(1_500, 'en'), sized(12_300_000, 'en')]).toEqual(['999 byte', '1.5 kB', '12 MB']);
  expect(sized(1_500, 'ru')).toMatch(/^1,5\sкБ$/);
});
