import { describe, expect, it } from 'vitest';
import { sampleMap, sampleReport } from '../../../../dev/company.mjs';
import { Formats } from '../../../app/i18n/format';
import { layOut } from './grid';
import { draw } from './picture';
import { fit } from './print';

describe('picture', () => {
  const map = sampleMap();
  const picture = (changed = map) =>
    draw(
      changed,
      layOut(changed, sampleReport(), { segment: null, verdict: null }),
      (kind) => kind,
      new Formats('en', 'EUR'),
    );

  it('holds every stage, segment and touchpoint of the grid', () => {
    const texts = picture();
    expect(texts).toMatch(/^<svg [\s\S]*<\/svg>$/);
    for (const { name } of [...map.stages, ...map.segments]) {
      const text = typeof name === 'string' ? name : name.en;
      expect(texts).toContain(text.slice(0, 15));
    }
  });

  it('writes names as text, never as markup', () => {
    const [first, ...rest] = map.touchpoints;
    if (!first) throw new Error('the sample has touchpoints');
    const drawn = picture({ ...map, touchpoints: [{ ...first, name: '<script>"&' }, ...rest] });
    expect(drawn).toContain('&lt;script&gt;&quot;&amp;');
    expect(drawn).not.toContain('<script');
  });
});

describe('paper', () => {
  it('takes a sheet as it is, or makes it smaller until it fits', () => {
    expect(fit(1000, 800)).toBe(1);
    expect(fit(2994, 800)).toBeCloseTo(0.5);
    expect(fit(1000, 2032)).toBeCloseTo(0.5);
    expect(fit(1000, 100_000)).toBe(0.35);
    expect(fit(0, 0)).toBe(1);
  });
});
