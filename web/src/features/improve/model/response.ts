// What spending brings, as the server's `analysis::budget` computes it, so that a slider answers at once.
import type { BudgetItem, SpendResponse } from '../api';

/** Returns what a spend brings. */
export function valueOf(response: SpendResponse, x: number): number {
  if ('exponential' in response) return -response.exponential.top * Math.expm1(-response.exponential.rate * x);
  if ('logistic' in response) return response.logistic.top * Math.tanh((response.logistic.rate * x) / 2);
  const { top, slope, half } = response.hill;
  return x <= 0 ? 0 : top / (1 + Math.pow(half / x, slope));
}

/** Returns what the next unit of spend brings. */
export function marginalOf(response: SpendResponse, x: number): number {
  if ('exponential' in response) {
    const { top, rate } = response.exponential;
    return top * rate * Math.exp(-rate * x);
  }
  if ('logistic' in response) {
    const { top, rate } = response.logistic;
    return ((top * rate) / 2) * (1 - Math.tanh((rate * x) / 2) ** 2);
  }
  const { top, slope, half } = response.hill;
  if (x <= 0) return slope > 1 ? 0 : slope < 1 ? Infinity : top / half;
  const ratio = Math.pow(half / x, slope);
  return (top * slope * ratio) / (x * (1 + ratio) ** 2);
}

/** Returns what a spend on an item brings: the mean over what the data leave possible. */
export function itemValue(item: BudgetItem, x: number): number {
  const draws = item.draws ?? [];
  if (draws.length === 0) return valueOf(item.response, x);
  return draws.reduce((sum, draw) => sum + valueOf(draw, x), 0) / draws.length;
}

/** Returns what the next unit of spend on an item brings. */
export function itemMarginal(item: BudgetItem, x: number): number {
  const draws = item.draws ?? [];
  if (draws.length === 0) return marginalOf(item.response, x);
  return draws.reduce((sum, draw) => sum + marginalOf(draw, x), 0) / draws.length;
}

/** Returns points of an item's response for a drawing: (spend, value) from 0 to `to`. They stand closer where little is
 * spent: on a scale for all items, a small one has its whole bend there. */
export function curveOf(item: BudgetItem, to: number, points = 24): { x: number; y: number }[] {
  return Array.from({ length: points + 1 }, (_, at) => {
    const x = to * (at / points) ** 2;
    return { x, y: itemValue(item, x) };
  });
}

/** Returns where the one scale of all items ends, so that their spends can be compared: a quarter above the largest spend
 * or ceiling, so that this one can be raised too, and not above the whole budget. */
export function topOf(items: readonly BudgetItem[], ceilings: readonly number[], budget: number): number {
  const today = Math.max(0, ...items.map((item) => item.today ?? 0));
  const largest = Math.max(today, ...ceilings);
  return Math.max(100, Math.min(largest * 1.25, Math.max(budget, today * 1.25)));
}

/** Returns the step of an item's slider: fine enough for a small item on the scale of all. */
export function stepOf(item: BudgetItem, top: number): number {
  const today = item.today ?? 0;
  return Math.max(1, Math.round(Math.min(top / 400, today > 0 ? today / 50 : top / 400)));
}
