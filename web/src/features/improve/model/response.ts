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

/** Returns points of an item's response for a drawing: (spend, value) from 0 to `to`. */
export function curveOf(item: BudgetItem, to: number, points = 24): { x: number; y: number }[] {
  return Array.from({ length: points + 1 }, (_, at) => {
    const x = (to * at) / points;
    return { x, y: itemValue(item, x) };
  });
}
