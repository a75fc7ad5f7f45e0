// Which touchpoint claims a signal, and the rule that would make one claim it. The server decides; this mirrors its reading
// of the rules so that a page can say at once where something went.
import type { TouchpointMap } from '../../../app/api/types';
import type { MapRule, Signature } from '../api';

/** The parts of a signal that a rule may ask for. */
export const parts = ['event', 'source', 'channel', 'place', 'campaign'] as const;

/** One of them. */
export type SignalPart = (typeof parts)[number];

/** Returns the touchpoint that claims a signal, by the first rule that fits; without one, the one that it names itself. */
export function touchpointOf(map: TouchpointMap, signal: Signature): string | null {
  const rule = map.rules?.find((rule) => parts.every((part) => fits(rule.signal[part] ?? '', signal[part] ?? '')));
  if (rule) return rule.touchpoint;
  return map.touchpoints.find((touchpoint) => touchpoint.id === signal.touchpoint)?.id ?? null;
}

/** Makes the rule that binds a signal to a touchpoint by some of its parts. */
export function ruleOf(signal: Signature, touchpoint: string, by: readonly SignalPart[]): MapRule {
  const wanted = Object.fromEntries(by.map((part) => [part, signal[part] ?? '']).filter(([, text]) => text !== ''));
  return { touchpoint, signal: wanted } as MapRule;
}

/** Returns the parts that a signal has. */
export function partsOf(signal: Signature): SignalPart[] {
  return parts.filter((part) => (signal[part] ?? '') !== '');
}

/** Tells whether a pattern fits: empty fits everything, `*` any run of letters. */
function fits(pattern: string, text: string): boolean {
  if (pattern === '') return true;
  const pieces = pattern.toLowerCase().split('*');
  const whole = text.toLowerCase();
  if (pieces.length === 1) return whole === pieces[0];
  let at = 0;
  for (const [index, piece] of pieces.entries()) {
    if (index === 0) {
      if (!whole.startsWith(piece)) return false;
      at = piece.length;
    } else if (index === pieces.length - 1) return whole.length >= at + piece.length && whole.endsWith(piece);
    else {
      const found = whole.indexOf(piece, at);
      if (found < 0) return false;
      at = found + piece.length;
    }
  }
  return true;
}
