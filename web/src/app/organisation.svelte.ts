// Holds what every page needs to know of the organisation: its name, currency and time zone. One installation
// serves one organisation, so there is one of it.
import type { TouchpointMap } from './api/types';

/** How the pages of the organisation are dressed. */
export interface Dress {
  language?: string;
  wording?: string;
  colour?: string;
  logo?: string;
}

class Organisation {
  name = $state<TouchpointMap['name']>('');
  currency = $state('EUR');
  timeZone = $state('UTC');

  wording = $state('customer');
  logo = $state('');
  /** The language of whoever has not chosen one; empty: that of the browser. */
  language = '';

  /** Puts on colour, logo and wording. The colour is a line above the page, never behind or in a text. */
  dress(dress: Dress = {}): void {
    this.wording = dress.wording ?? 'customer';
    this.logo = dress.logo ?? '';
    this.language = dress.language ?? '';
    const colour = /^#[0-9a-f]{6}$/i.test(dress.colour ?? '') ? dress.colour : null;
    const style = document.documentElement.style;
    if (colour) style.setProperty('--brand', colour);
    else style.removeProperty('--brand');
  }

  /** Learns them from the map, which is where they are written down. */
  learn(map: TouchpointMap): void {
    this.name = map.name;
    this.currency = map.currency;
    this.timeZone = map.time_zone;
  }
}

/** The organisation. */
export const organisation = new Organisation();
