import { describe, expect, it } from 'vitest';
import { framePlace, frameSize, pictureSize, wrapText } from './storyboard';

describe('a storyboard', () => {
  it('breaks texts where words end, and cuts what does not fit', () => {
    expect(wrapText('one two three', 7, 3)).toEqual(['one two', 'three']);
    expect(wrapText('abcdefghij', 4, 5)).toEqual(['abcd', 'efgh', 'ij']);
    expect(wrapText('one two three four', 5, 2)).toEqual(['one', 'two…']);
    expect(wrapText('   ', 5, 2)).toEqual([]);
  });

  it('holds every frame inside the picture', () => {
    for (const frames of [1, 4, 5, 60]) {
      const { width, height } = pictureSize(frames);
      for (let index = 0; index < frames; index++) {
        const { x, y } = framePlace(index);
        expect(x + frameSize.width).toBeLessThanOrEqual(width);
        expect(y + frameSize.height).toBeLessThanOrEqual(height);
      }
    }
  });
});
