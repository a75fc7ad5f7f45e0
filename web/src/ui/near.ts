// Tells whether an element is on the screen or not far from it, so that what is far need not be drawn. What comes near is told
// a little in each frame, the nearest first: drawing all of it at once is what makes a page stutter under a wheel.
import { flushSync } from 'svelte';
import type { Attachment } from 'svelte/attachments';

/** What is so near to the screen is drawn before it comes into sight: some frames' time of fast scrolling. */
const margin = '1100px 200px';

/** So many elements come near in one frame at most; what is on the screen itself never waits. */
const perFrame = 2;

type Tell = (isNear: boolean, height: number) => void;

const listeners = new WeakMap<Element, Tell>();
/** What has come near or gone far, and was not told yet: with its height and how far from the screen it was. */
const waiting = new Map<Element, { isNear: boolean; height: number; away: number }>();
let observer: IntersectionObserver | null = null;
let frame = 0;

function watch(): IntersectionObserver {
  observer ??= new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting, boundingClientRect: box } of entries)
        waiting.set(target, { isNear: isIntersecting, height: box.height, away: distance(box.top, box.bottom) });
      frame ||= requestAnimationFrame(tellSome);
    },
    { rootMargin: margin },
  );
  return observer;
}

/** How far from the screen something is, above or below; 0: on it. */
function distance(top: number, bottom: number): number {
  return Math.max(0, top - innerHeight, -bottom);
}

function tellSome(): void {
  frame = 0;
  for (const element of turnOf(waiting)) {
    const { isNear, height } = waiting.get(element) ?? { isNear: true, height: 0 };
    waiting.delete(element);
    // Drawn here and now, or several of them would be drawn together at the end of the frame.
    flushSync(() => listeners.get(element)?.(isNear, height));
  }
  if (waiting.size > 0) frame = requestAnimationFrame(tellSome);
}

/** Picks whose turn it is: all that are on the screen, then the nearest; what has gone far, when nothing else waits. */
export function turnOf<E>(waiting: ReadonlyMap<E, { isNear: boolean; away: number }>): E[] {
  const coming = [...waiting].filter(([, one]) => one.isNear).sort(([, a], [, b]) => a.away - b.away);
  const seen = coming.filter(([, one]) => one.away === 0).length;
  const some = coming.length > 0 ? coming : [...waiting];
  return some.slice(0, Math.max(perFrame, seen)).map(([element]) => element);
}

/** Calls `tell` when the element comes near or goes far, with its present height. */
export function near(tell: Tell): Attachment {
  return (element) => {
    listeners.set(element, tell);
    watch().observe(element);
    return () => {
      watch().unobserve(element);
      listeners.delete(element);
      waiting.delete(element);
    };
  };
}
