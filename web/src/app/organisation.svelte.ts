// Holds what every page needs to know of the organisation: its name, currency and time zone. One installation
// serves one organisation, so there is one of it.
import type { TouchpointMap } from './api/types';

class Organisation {
  name = $state<TouchpointMap['name']>('');
  currency = $state('EUR');
  timeZone = $state('UTC');

  /** Learns them from the map, which is where they are written down. */
  learn(map: TouchpointMap): void {
    this.name = map.name;
    this.currency = map.currency;
    this.timeZone = map.time_zone;
  }
}

/** The organisation. */
export const organisation = new Organisation();
