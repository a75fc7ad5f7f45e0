// What an Alexa skill is to listen for, in its own format: one intent that hears the whole question. Alexa wants words around a free
// slot, so each way to begin a question is a sample of its own.

/** The languages that Alexa speaks and we do; Russian is not among hers. */
export type SkillLanguage = 'en' | 'fr';

const beginnings: Record<SkillLanguage, string[]> = {
  en: [
    'what {query}',
    'when {query}',
    'where {query}',
    'how {query}',
    'why {query}',
    'who {query}',
    'can i {query}',
    'can you {query}',
    'do you {query}',
    'do i {query}',
    'is {query}',
    'are {query}',
    'tell me about {query}',
    'i have a question about {query}',
  ],
  fr: [
    'quel {query}',
    'quelle {query}',
    'quels {query}',
    'quelles {query}',
    'quand {query}',
    'où {query}',
    'comment {query}',
    'pourquoi {query}',
    'combien {query}',
    'puis je {query}',
    'est ce que {query}',
    'parle moi de {query}',
    'j’ai une question sur {query}',
  ],
};

const built = ['CancelIntent', 'StopIntent', 'NoIntent', 'HelpIntent', 'FallbackIntent', 'NavigateHomeIntent'];

/** Writes the interaction model of a skill that is called by a name. */
export const skill = (language: SkillLanguage, name: string): string =>
  JSON.stringify(
    {
      interactionModel: {
        languageModel: {
          invocationName: name.trim().toLowerCase(),
          intents: [
            ...built.map((one) => ({ name: `AMAZON.${one}`, samples: [] })),
            {
              name: 'QuestionIntent',
              slots: [{ name: 'query', type: 'AMAZON.SearchQuery' }],
              samples: beginnings[language],
            },
          ],
          types: [],
        },
      },
    },
    null,
    1,
  );
