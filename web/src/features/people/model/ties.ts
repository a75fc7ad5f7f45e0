// Lays out what ties the names of a person together, as a small tree: the strongest name first, every other one below the
// name that it came by.
import type { Because, KnownName } from '../api';

/** Is a name in the tree, and the fact by which it belongs there. */
export interface Tied {
  name: KnownName;
  depth: number;
  fact: Because | null;
  /** Where it hangs: the place of its parent in the list; -1 for the first. */
  parent: number;
}

/** Lays out names and facts; names that no fact reaches stand at the end. */
export function layOut(names: readonly KnownName[], facts: readonly Because[]): Tied[] {
  const known = new Map(names.map((name) => [name.actor, name]));
  const laid: Tied[] = [];
  const seen = new Set<string>();
  const hang = (actor: string, depth: number, fact: Because | null, parent: number) => {
    if (seen.has(actor)) return;
    seen.add(actor);
    const ends = fact ? [fact.from, fact.to] : [];
    const name = known.get(actor) ?? ends.find((end) => end.actor === actor) ?? { actor };
    const at = laid.push({ name, depth, fact, parent }) - 1;
    for (const next of facts) {
      if (next.from.actor === actor) hang(next.to.actor, depth + 1, next, at);
      else if (next.to.actor === actor) hang(next.from.actor, depth + 1, next, at);
    }
  };
  for (const name of names) hang(name.actor, 0, null, -1);
  return laid;
}
