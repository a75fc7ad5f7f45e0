// Which tool of the desk is open, and on what. One is open at a time.
import type { Touchpoint } from '../../../app/api/types';

/** A place of the grid as a person sees it: a row and a column. */
export interface Spot {
  segment: string;
  stage: string;
  /** The name of the row, for those who hear instead of see. */
  segmentName?: string;
}

/** The tools. */
export type Tool =
  | { name: 'add'; spot: Spot | null }
  | { name: 'rename'; touchpoint: Touchpoint }
  | { name: 'places'; touchpoint: Touchpoint }
  | { name: 'menu'; touchpoint: Touchpoint; spot: Spot | null; anchor: HTMLElement }
  | { name: 'stages' }
  | { name: 'segments' }
  | { name: 'paste' }
  | { name: 'history' }
  | { name: 'share' }
  | { name: 'plan' };

class Tools {
  open = $state.raw<Tool | null>(null);
  /** The touchpoint that is being dragged, and where it came from; null while nothing is. */
  dragged = $state.raw<{ touchpoint: Touchpoint; from: Spot } | null>(null);

  close = (): void => {
    this.open = null;
  };
}

/** The tools of the page. */
export const tools = new Tools();
