import { expect, test } from 'vitest';
import { skill } from './voice';

test('a skill hears the whole question, whatever it begins with', () => {
  for (const language of ['en', 'fr'] as const) {
    const model = JSON.parse(skill(language, ' Our Shop ')).interactionModel.languageModel;
    expect(model.invocationName).toBe('our shop');
    const [question] = model.intents.filter((one: { name: string }) => !one.name.startsWith('AMAZON.'));
    const slots = question.slots.map((slot: { name: string }) => slot.name);
    expect(slots).toEqual(['query']);
    // Alexa refuses a sample that is the slot alone, and one that is there twice.
    const samples: string[] = question.samples;
    expect(samples.every((one) => /^\S.* \{query\}$/.test(one))).toBe(true);
    expect(new Set(samples).size).toBe(samples.length);
  }
});
