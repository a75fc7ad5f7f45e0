// Which pages of a long list have to be there for what is seen of it. Rows are equally high, so a place in the list is a
// place on the screen, and a hundred thousand rows cost no more than a hundred.

/** So many people are asked for at once. */
export const pageSize = 100;

/** Returns the first and the last row that are drawn: those seen, and some more to either side. */
export function drawn(top: number, height: number, rowHeight: number, rows: number): { first: number; last: number } {
  const beside = 12;
  const first = Math.max(0, Math.floor(top / rowHeight) - beside);
  const last = Math.min(rows, Math.ceil((top + height) / rowHeight) + beside);
  return { first: Math.min(first, last), last };
}

/** Returns the pages, by the place of their first row, that hold some rows. */
export function pagesOf(first: number, last: number): number[] {
  const pages: number[] = [];
  if (last <= first) return pages;
  for (let from = Math.floor(first / pageSize) * pageSize; from < last; from += pageSize) pages.push(from);
  return pages;
}
