import { describe, expect, it } from 'vitest';
import { reword } from './wording';

describe('wording', () => {
  it('calls people by the word of the organisation', () => {
    expect(reword('Customers who ask a customer', 'en', 'student')).toBe('Students who ask a student');
    expect(reword('The customer’s view of customership', 'en', 'patient')).toBe('The patient’s view of customership');
    expect(reword('Customers', 'en', 'customer')).toBe('Customers');
    expect(reword('Customers', 'en', 'emperor')).toBe('Customers');
  });
  it('keeps small words right before a vowel in French', () => {
    expect(reword('Le client et le nombre de clients du client', 'fr', 'student')).toBe(
      'L’étudiant et le nombre d’étudiants de l’étudiant',
    );
    expect(reword('Le client potentiel', 'fr', 'member')).toBe('Le membre potentiel');
  });
  it('keeps case and number in Russian', () => {
    expect(reword('Клиенты, клиентов, клиентам, о клиенте', 'ru', 'citizen')).toBe(
      'Граждане, граждан, гражданам, о гражданине',
    );
    expect(reword('Клиенты без клиента', 'ru', 'member')).toBe('Участники без участника');
    expect(reword('клиентский', 'ru', 'student')).toBe('клиентский');
  });
});
