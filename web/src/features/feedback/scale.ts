// The scale on which the figure of a question stands, so that an interval can be read and two be compared.
import type { Scale } from '../../ui/figure';
import type { SurveyKind } from './api';

/** Finds the scale of a question's figure: from the worst to the best that there can be. */
export function scaleOf(kind: SurveyKind): Scale {
  switch (kind) {
    case 'nps':
      return { from: -100, to: 100 };
    case 'importance':
      return { from: 1, to: 5 };
    case 'rater':
      return { from: 1, to: 7 };
    default:
      return { from: 0, to: 1 };
  }
}

/** Lists what is written below a scale: its ends and its middle. */
export function marksOf({ from, to }: Scale): number[] {
  return [from, (from + to) / 2, to];
}
