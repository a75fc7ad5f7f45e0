import { describe, expect, it } from 'vitest';
import { weighty } from './drivers';

describe('drivers', () => {
  it('that explain next to nothing are named and not drawn', () => {
    const of = (what: string, part: number) => ({ what, part });
    const all = [of('till', 0.025), of('search', 0.00004), of('chat', 0.0016), of('ads', 0), of('blog', -0.0004)];
    const { shown, slight } = weighty(all);
    expect(shown.map((one) => one.what)).toEqual(['till', 'chat', 'blog']);
    expect(slight.map((one) => one.what)).toEqual(['search', 'ads']);
  });
});
