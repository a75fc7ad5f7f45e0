// Calls the people whom an organisation serves by its own word: a school has students, a clinic patients. The sentences
// are written with "customer"; its forms are replaced by the same forms of the other word, whole words only.
import type { LanguageCode } from './format';

/** The words that an organisation may choose. */
export type Wording = 'customer' | 'student' | 'patient' | 'citizen' | 'member';

type Forms = readonly (readonly [string, string])[];

const english: Readonly<Record<Exclude<Wording, 'customer'>, Forms>> = {
  student: [
    ['customers', 'students'],
    ['customer', 'student'],
  ],
  patient: [
    ['customers', 'patients'],
    ['customer', 'patient'],
  ],
  citizen: [
    ['customers', 'citizens'],
    ['customer', 'citizen'],
  ],
  member: [
    ['customers', 'members'],
    ['customer', 'member'],
  ],
};

/** French: before a vowel the small words before the noun change too. */
const french: Readonly<Record<Exclude<Wording, 'customer'>, Forms>> = {
  student: [
    ['le client', 'l’étudiant'],
    ['du client', 'de l’étudiant'],
    ['au client', 'à l’étudiant'],
    ['ce client', 'cet étudiant'],
    ['de clients', 'd’étudiants'],
    ['de client', 'd’étudiant'],
    ['que clients', 'qu’étudiants'],
    ['clients', 'étudiants'],
    ['client', 'étudiant'],
  ],
  patient: [
    ['clients', 'patients'],
    ['client', 'patient'],
  ],
  citizen: [
    ['clients', 'citoyens'],
    ['client', 'citoyen'],
  ],
  member: [
    ['clients', 'membres'],
    ['client', 'membre'],
  ],
};

/** Russian: each case and number of its own. */
const cases = ['', 'а', 'у', 'ом', 'е', 'ы', 'ов', 'ам', 'ами', 'ах'];
const russian: Readonly<Record<Exclude<Wording, 'customer'>, Forms>> = {
  student: cases.map((ending) => [`клиент${ending}`, `студент${ending}`] as const),
  patient: cases.map((ending) => [`клиент${ending}`, `пациент${ending}`] as const),
  citizen: cases.map((ending, index) => {
    const ends = ['ин', 'ина', 'ину', 'ином', 'ине', 'е', '', 'ам', 'ами', 'ах'];
    return [`клиент${ending}`, `граждан${ends[index] ?? ''}`] as const;
  }),
  member: cases.map((ending) => [`клиент${ending}`, `участник${ending === 'ы' ? 'и' : ending}`] as const),
};

const all = { en: english, fr: french, ru: russian };
const made = new Map<string, { pattern: RegExp; forms: Map<string, string> }>();

/** Returns a sentence in the words of the organisation. */
export function reword(sentence: string, language: LanguageCode, wording: string): string {
  if (wording === 'customer' || !(wording in english)) return sentence;
  const key = `${language} ${wording}`;
  let known = made.get(key);
  if (!known) {
    const forms = all[language][wording as Exclude<Wording, 'customer'>];
    const longestFirst = forms.map(([from]) => from).sort((one, other) => other.length - one.length);
    const pattern = new RegExp(`(?<![\\p{L}\\p{N}])(?:${longestFirst.join('|')})(?![\\p{L}\\p{N}])`, 'giu');
    made.set(key, (known = { pattern, forms: new Map(forms) }));
  }
  const { pattern, forms } = known;
  return sentence.replaceAll(pattern, (found) => {
    const word = forms.get(found.toLowerCase()) ?? found;
    const isCapital = found.charAt(0) !== found.charAt(0).toLowerCase();
    return isCapital ? word.charAt(0).toUpperCase() + word.slice(1) : word;
  });
}
