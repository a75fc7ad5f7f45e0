// Tells whether an element is on the screen or not far from it, so that what is far need not be drawn.
import type { Attachment } from 'svelte/attachments';

/** What is so near to the screen is drawn before it comes into sight. Not more: what is drawn is painted too. */
const margin = '400px 200px';

const listeners = new WeakMap<Element, (isNear: boolean, height: number) => void>();
let observer: IntersectionObserver | null = null;

function watch(): IntersectionObserver {
  observer ??= new IntersectionObserver(
    (entries) => {
      for (const entry of entries) listeners.get(entry.target)?.(entry.isIntersecting, entry.boundingClientRect.height);
    },
    { rootMargin: margin },
  );
  return observer;
}

/** Calls `tell` when the element comes near or goes far, with its present height. */
export function near(tell: (isNear: boolean, height: number) => void): Attachment {
  return (element) => {
    listeners.set(element, tell);
    watch().observe(element);
    return () => {
      watch().unobserve(element);
      listeners.delete(element);
    };
  };
}
