// Every key that the server may send has its sentence, and each sentence only asks for numbers that come with it.
import { describe, expect, it } from 'vitest';
import { needs } from '../../../app/i18n/message';
import en from '../words/en';

const reasons: Record<string, string[]> = {
  'none.planned': [],
  'none.not_customer': [],
  'dark.silent': ['days'],
  'insufficient.n': ['n', 'needed'],
  'over_used.r1': ['saturation', 'over_people', 'beyond', 'n'],
  'over_used.r2': ['z', 'p', 'net'],
  'over_used.r3': ['complaint_rate'],
  'wasted.ratio': ['cost_share', 'effect_share', 'ratio', 'waste'],
  'under_used.reach': ['reach', 'effect', 'stage_median', 'potential', 'potential_low', 'potential_high'],
  'effective.progression': ['lift', 'low', 'high', 'stage_median'],
  'needs_care.satisfaction': ['satisfaction', 'low', 'target'],
  'neutral.ordinary': ['lift'],
  'neutral.justified': ['cost_share', 'effect_share'],
};

const actions: Record<string, string[]> = {
  connect_source: [],
  collect_data: [],
  cap_frequency: ['cap'],
  reduce_spend: ['amount'],
  raise_reach: ['target'],
  keep: [],
  improve_experience: [],
  watch: [],
  none: [],
};

function check(key: string, numbers: string[]) {
  const sentence = (en as Record<string, string>)[key];
  expect(sentence, `no sentence for ${key}`).toBeDefined();
  const asked = needs(sentence ?? '').map((need) => need.replace(/:.*/, ''));
  for (const name of asked) expect(numbers, `${key} asks for ${name}`).toContain(name);
}

describe('sentences of verdicts', () => {
  it.each(Object.entries(reasons))('say the reason %s', check);
  it.each(Object.entries(actions))('say the action %s', (key, numbers) => check(`action.${key}`, numbers));
});
