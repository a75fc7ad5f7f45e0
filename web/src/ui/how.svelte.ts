// Holds the figure whose making is being explained. There is one explanation on the screen at a time.
import type { Figure } from '../app/api/types';

/** What is explained: the figure, its name, and the sentence that defines it. */
export interface Explained {
  figure: Figure;
  name: string;
  meaning: string;
  anchor: HTMLElement;
}

class How {
  present = $state.raw<Explained | null>(null);
}

/** The explanation on the screen. */
export const how = new How();
