// The models of attribution: their order, and what the chosen one says of each touchpoint or channel.
import type { AttributionAnswer, ModelCredit, UnitCredits } from './api';

/** The model that is shown first: exact, and it uses journeys without an outcome too. */
export const firstModel = 'markov_1';

/** Returns the models that have an answer, in the order of the server. */
export function modelsOf(answer: AttributionAnswer): string[] {
  return answer.units[0]?.credits.map((credit) => credit.model) ?? [];
}

/** Picks the model that an address names, if it has an answer. */
export function modelOf(query: URLSearchParams, answer: AttributionAnswer): string | null {
  const models = modelsOf(answer);
  const wished = [query.get('model'), firstModel, models[0]];
  return wished.find((model) => typeof model === 'string' && models.includes(model)) ?? null;
}

/** Returns what a model says of a touchpoint or channel. */
export function creditOf(unit: UnitCredits, model: string | null): ModelCredit | null {
  return unit.credits.find((credit) => credit.model === model) ?? null;
}

/** Returns those with anything to their credit, the largest first. */
export function ranked(answer: AttributionAnswer, model: string | null): { unit: UnitCredits; credit: ModelCredit }[] {
  return answer.units
    .map((unit) => ({ unit, credit: creditOf(unit, model) }))
    .filter((one): one is { unit: UnitCredits; credit: ModelCredit } => one.credit !== null)
    .filter(({ unit }) => unit.credits.some((credit) => Math.abs(credit.outcomes) > 1e-9))
    .toSorted((a, b) => b.credit.outcomes - a.credit.outcomes);
}

/** Is what is owned by one person or department. */
export interface Owned {
  owner: string | null;
  touchpoints: number;
  cost: number;
  outcomes: number;
  value: number | null;
  roi: number | null;
}

/** Sums cost and credit by owner; `ownerOf` names the owner of a touchpoint. */
export function byOwner(
  answer: AttributionAnswer,
  model: string | null,
  ownerOf: (id: string) => string | null,
): Owned[] {
  const owners = new Map<string | null, Owned>();
  for (const unit of answer.units) {
    const owner = ownerOf(unit.id);
    const sum = owners.get(owner) ?? { owner, touchpoints: 0, cost: 0, outcomes: 0, value: 0, roi: null };
    const credit = creditOf(unit, model);
    sum.touchpoints += 1;
    sum.cost += unit.cost ?? 0;
    sum.outcomes += credit?.outcomes ?? 0;
    sum.value = sum.value === null || typeof credit?.value !== 'number' ? null : sum.value + credit.value;
    sum.roi = sum.value !== null && sum.cost > 0 ? (sum.value - sum.cost) / sum.cost : null;
    owners.set(owner, sum);
  }
  return [...owners.values()].toSorted((a, b) => b.cost - a.cost);
}
