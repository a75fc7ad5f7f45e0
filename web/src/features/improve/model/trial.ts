// Whom a trial on paper counts, and whom the table beside it shows.
import type { SheetTrial } from '../api';

/** Says who is led along the stages, and how many people were really seen where the trial ends. */
export interface Crowd {
  /** The first stage, by id. */
  stage: string;
  /** Its people. */
  people: number;
  /** Those really seen in the stage of the outcome; null where it is the last one, which the table does not hold. */
  seen: number | null;
}

/** Returns whom a trial counts: it leads the people of the first stage from step to step, so its number is not the one
 * that was seen, of which some skip stages or come in later. */
export function crowdOf({ chain, outcome_stage }: SheetTrial): Crowd | null {
  const [first] = chain;
  if (!first) return null;
  const end = chain.find((link) => link.stage === outcome_stage);
  return { stage: first.stage, people: first.observed.people, seen: end?.observed.people ?? null };
}
