import { describe, expect, it } from 'vitest';
import { sampleMap } from '../../../../dev/company.mjs';
import type { TouchpointMap } from '../../../app/api/types';
import { basicForm } from './profile';

describe('profile', () => {
  const sample = sampleMap();
  const like = sample.touchpoints[0];
  const formOf = (id: string, group: string) => {
    if (!like) throw new Error('the sample map has touchpoints');
    const map: TouchpointMap = { ...sample, channels: [{ id, group, name: id }] };
    return basicForm(map, { ...like, channel: id });
  };

  it('tells the form by the channel, and by its group where the name says nothing', () => {
    expect(formOf('e-mail', 'written')).toBe('email');
    expect(formOf('post', 'written')).toBe('post');
    expect(formOf('phone', 'personal')).toBe('phone');
    expect(formOf('trade-fair', 'personal')).toBe('events');
    expect(formOf('in-person', 'personal')).toBe('personal');
    expect(formOf('organic-social', 'social')).toBe('social');
  });

  it('keeps an advertisement an advertisement, and claims nothing of what it does not know', () => {
    expect(formOf('print-ad', 'advertising')).toBe('advertising');
    expect(formOf('web-site', 'site')).toBeNull();
  });
});
