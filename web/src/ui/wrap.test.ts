import { expect, it } from 'vitest';
import { wrapText } from './wrap';

it('breaks texts where words end, and cuts what does not fit', () => {
  expect(wrapText('one two three', 7, 3)).toEqual(['one two', 'three']);
  expect(wrapText('abcdefghij', 4, 5)).toEqual(['abcd', 'efgh', 'ij']);
  expect(wrapText('one two three four', 5, 2)).toEqual(['one', 'two…']);
  expect(wrapText('   ', 5, 2)).toEqual([]);
});
