// A segment's rule as the builder reads and writes it: some conditions of which all or any hold, each of which may be turned
// round. A rule of groups within groups keeps them: the builder shows each as one condition that it does not open.
import type { components } from '../../../app/api/schema';

export type Rule = components['schemas']['SegmentRule'];

/** The kinds of conditions that the builder offers. */
export const kinds = ['met', 'outcomes', 'last_seen', 'stage', 'worth', 'trait'] as const;
export type Kind = (typeof kinds)[number];

/** Is one condition. */
export interface Part {
  not: boolean;
  rule: Rule;
}

/** Is a rule as the builder shows it; without conditions it fits everybody. */
export interface Built {
  every: boolean;
  parts: Part[];
}

/** Is what a map names that conditions can ask for. */
export interface Names {
  outcome: string;
  stage: string;
}

/** Names the kind of a condition, and gives what it asks for. */
export function opened(rule: Rule): { kind: string; asks: Record<string, unknown> } {
  const [kind = 'everybody', asks = {}] = Object.entries(rule)[0] ?? [];
  return { kind, asks: asks as Record<string, unknown> };
}

/** Reads a rule. Conditions that older maps are written with become the kinds that the builder offers. */
export function read(rule: Rule): Built {
  if ('everybody' in rule) return { every: true, parts: [] };
  if ('all' in rule) return { every: true, parts: rule.all.of.map((one) => part(one as Rule)) };
  if ('any' in rule) return { every: false, parts: rule.any.of.map((one) => part(one as Rule)) };
  return { every: true, parts: [part(rule)] };
}

function part(rule: Rule): Part {
  if ('not' in rule) {
    const inner = part(rule.not.of as Rule);
    return { not: !inner.not, rule: inner.rule };
  }
  if ('touched' in rule) return { not: false, rule: { met: { touchpoint: rule.touched.touchpoint, min: 1 } } };
  if ('interactions' in rule) return { not: false, rule: { met: rule.interactions } };
  return { not: false, rule };
}

/** Writes a rule. */
export function write(built: Built): Rule {
  const rules = built.parts.map((one): Rule => (one.not ? ({ not: { of: one.rule } } as Rule) : one.rule));
  const [only] = rules;
  // No condition of which any could hold fits nobody; that is never what is meant.
  if (only === undefined) return { everybody: {} };
  if (rules.length === 1 && !('all' in only) && !('any' in only)) return only;
  return (built.every ? { all: { of: rules } } : { any: { of: rules } }) as Rule;
}

/** Makes a new condition of a kind. */
export function fresh(kind: Kind, names: Names): Rule {
  switch (kind) {
    case 'met':
      return { met: { min: 1 } };
    case 'outcomes':
      return { outcomes: { outcome: names.outcome, min: 1 } };
    case 'last_seen':
      return { last_seen: { min: 90 } };
    case 'stage':
      return { stage: { stage: names.stage } };
    case 'worth':
      return { worth: { min: 0 } };
    case 'trait':
      return { trait: { key: '', is: '' } };
  }
}

/** Returns a condition that asks for something else; `undefined` asks no more. */
export function asking(rule: Rule, changed: Record<string, unknown>): Rule {
  const { kind, asks } = opened(rule);
  const next = Object.fromEntries(Object.entries({ ...asks, ...changed }).filter(([, value]) => value !== undefined));
  return { [kind]: next } as Rule;
}

/** Tells whether a rule can be counted: a trait without a name fits nobody and says nothing. */
export function isWhole(rule: Rule): boolean {
  return read(rule).parts.every(
    (one) => !('trait' in one.rule) || (one.rule.trait.key !== '' && one.rule.trait.is !== ''),
  );
}

/** Reads a number that somebody types; nothing, or what is none, asks for no bound. */
export function bound(text: string, factor = 1): number | undefined {
  const number = Number(text.replace(',', '.'));
  return text.trim() === '' || !Number.isFinite(number) || number < 0 ? undefined : Math.round(number * factor);
}
