// Rows of tabs and steps run out of the page on a phone: brings the one that is open into sight, when they are drawn and whenever
// another one is open.
import type { Attachment } from 'svelte/attachments';

export function inSight(open: () => unknown): Attachment {
  return (list) => {
    open();
    const present = list.querySelector('[aria-current], [aria-selected=true]');
    present?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  };
}
