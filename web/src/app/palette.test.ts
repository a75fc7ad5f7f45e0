import { describe, expect, it } from 'vitest';
import { best, fit } from './palette';

const found = (name: string, more?: string) => ({
  id: name,
  name,
  kind: '',
  act: () => undefined,
  ...(more ? { more } : {}),
});

describe('the palette', () => {
  it('prefers the beginning of a name, then of a word', () => {
    expect(fit('Newsletter', 'news')).toBeGreaterThan(fit('Our newsletter', 'news'));
    expect(fit('Our newsletter', 'news')).toBeGreaterThan(fit('Renewsal', 'news'));
    expect(fit('Newsletter', 'shop')).toBe(0);
  });
  it('asks for every word, whatever its case and accents', () => {
    expect(fit('Boîte de chat d’aide', 'BOITE aide')).toBeGreaterThan(0);
    expect(fit('Boîte de chat d’aide', 'boite shop')).toBe(0);
    expect(fit('Чат-бот', 'бот')).toBeGreaterThan(0);
  });
  it('lists the best first and no more than asked for', () => {
    const all = [found('A map'), found('Map'), found('Inbox', 'map')];
    expect(best(all, 'map', 2).map((one) => one.name)).toEqual(['Map', 'A map']);
    expect(best(all, '', 2)).toHaveLength(2);
  });
});
