// What a column of a table is, and how rows are put in order.

/** Is a column of a `DataTable`. */
export interface Column<Row> {
  id: string;
  title: string;
  /** What it is sorted by, and what CSV holds; without it the column cannot be sorted. */
  value?: (row: Row) => string | number | null | undefined;
  /** What it shows, where that is not the value as it stands. */
  text?: (row: Row) => string;
  /** Whether it holds numbers: they stand at the end of their cell, and the greatest come first. */
  number?: boolean;
  /** Whether the snippet `cell` draws it. */
  drawn?: boolean;
}

/** Puts rows in order. The unknown comes last either way; rows that are equal stay as they were. */
export function sorted<Row>(
  rows: readonly Row[],
  value: (row: Row) => string | number | null | undefined,
  descending: boolean,
): Row[] {
  const known = (given: string | number | null | undefined): given is string | number =>
    given !== null && given !== undefined && given !== '';
  return rows.toSorted((a, b) => {
    const [one, other] = [value(a), value(b)];
    if (!known(one) || !known(other)) return Number(known(other)) - Number(known(one));
    const order =
      typeof one === 'number' && typeof other === 'number'
        ? one - other
        : String(one).localeCompare(String(other), undefined, { numeric: true, sensitivity: 'base' });
    return descending ? -order : order;
  });
}
