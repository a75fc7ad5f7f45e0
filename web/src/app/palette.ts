// Finds what somebody means by a few letters: pages, touchpoints, people, things to do.

/** Is something that can be gone to or done. */
export interface Found {
  id: string;
  name: string;
  /** What kind of thing it is. */
  kind: string;
  /** A second line, such as a channel. */
  more?: string;
  act: () => void;
}

/**
 * Weighs how well a name fits what was typed: 0 is not at all. The beginning of the name counts most, then the beginning
 * of a word in it, then any place; every typed word must be there.
 */
export function fit(name: string, typed: string): number {
  const text = plain(name);
  const words = plain(typed)
    .split(/\s+/)
    .filter((word) => word !== '');
  let sum = words.length === 0 ? 1 : 0;
  for (const word of words) {
    const at = text.indexOf(word);
    if (at < 0) return 0;
    const isBegin = at > 0 && /[^\p{L}\p{N}]/u.test(text[at - 1] ?? '');
    sum += at === 0 ? 4 : isBegin ? 3 : 1;
  }
  return sum;
}

/** Puts the best fits first, and leaves out what does not fit. */
export function best(all: readonly Found[], typed: string, most: number): Found[] {
  return all
    .map((found) => ({
      found,
      weight: fit(found.name, typed) * 2 + fit(found.more ?? '', typed) * Number(typed !== ''),
    }))
    .filter(({ weight }) => weight > 0)
    .sort((one, other) => other.weight - one.weight)
    .slice(0, most)
    .map(({ found }) => found);
}

/** Takes away case and accents: `cafe` finds `Café`. */
function plain(text: string): string {
  return text.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase();
}
