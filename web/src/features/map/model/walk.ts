// Where the arrow keys lead on the grid: up and down inside a cell and on into the next row, left and right into the
// next cell of the row that holds anything. Pure, over the numbers of chips in each cell.

/** The place of a chip: row, column, and position in its cell. */
export interface Spot {
  row: number;
  column: number;
  index: number;
}

/** Finds the spot that a key leads to, or null where there is nothing more in that direction. */
export function walk(from: Spot, key: string, counts: readonly (readonly number[])[]): Spot | null {
  const count = (row: number, column: number) => counts[row]?.[column] ?? 0;
  switch (key) {
    case 'ArrowUp':
      if (from.index > 0) return { ...from, index: from.index - 1 };
      for (let row = from.row - 1; row >= 0; row--) {
        if (count(row, from.column) > 0) return { ...from, row, index: count(row, from.column) - 1 };
      }
      return null;
    case 'ArrowDown':
      if (from.index + 1 < count(from.row, from.column)) return { ...from, index: from.index + 1 };
      for (let row = from.row + 1; row < counts.length; row++) {
        if (count(row, from.column) > 0) return { ...from, row, index: 0 };
      }
      return null;
    case 'ArrowLeft':
    case 'ArrowRight': {
      const step = key === 'ArrowLeft' ? -1 : 1;
      const columns = counts[from.row]?.length ?? 0;
      for (let column = from.column + step; column >= 0 && column < columns; column += step) {
        const there = count(from.row, column);
        if (there > 0) return { ...from, column, index: Math.min(from.index, there - 1) };
      }
      return null;
    }
    default:
      return null;
  }
}
