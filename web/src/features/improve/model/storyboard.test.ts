import { describe, expect, it } from 'vitest';
import { sampleMap } from '../../../../dev/company.mjs';
import { captionOf, framePlace, frameSize, framesPerRow, pictureSize, storiesOf } from './storyboard';

describe('a storyboard', () => {
  it('holds every frame inside the picture', () => {
    const places = [1, 4, 5, 60].flatMap((frames) =>
      [280, 600, 1_200].map((room) => [frames, framesPerRow(room)] as const),
    );
    for (const [frames, perRow] of places) {
      const { width, height } = pictureSize(frames, perRow);
      for (let index = 0; index < frames; index++) {
        const { x, y } = framePlace(index, perRow);
        expect(x + frameSize.width).toBeLessThanOrEqual(width);
        expect(y + frameSize.height).toBeLessThanOrEqual(height);
      }
    }
  });

  it('has as many frames beside each other as can be read there', () => {
    expect([0, 320, 540, 800, 5_000].map(framesPerRow)).toEqual([1, 1, 2, 3, 4]);
  });

  it('makes a caption of a story on one line, cut between words', () => {
    expect(captionOf(' They knew\n my name ')).toBe('They knew my name');
    const long = captionOf('word '.repeat(200));
    expect(long.length).toBeLessThanOrEqual(400);
    expect(long).toMatch(/ word…$/);
    expect(captionOf('x'.repeat(500))).toHaveLength(400);
  });

  it('shows first what happened in the own stage of the touchpoint', () => {
    const touchpoint = sampleMap().touchpoints[0];
    if (!touchpoint) throw new Error('the sample has touchpoints');
    const story = (text: string, stage: string | null) => ({ text, sentiment: 'neutral' as const, stage });
    const stories = [story('elsewhere', 'nowhere'), story('here', touchpoint.primary_stage), story('somewhere', null)];
    const told = storiesOf({ ...touchpoint, details: { ...touchpoint.details, stories } as never });
    expect(told.map((one) => one.text)).toEqual(['here', 'somewhere', 'elsewhere']);
    expect(storiesOf(undefined)).toEqual([]);
  });
});
