// Writes tables for spreadsheets, and gives files to the reader.

/** Writes rows as CSV. A cell that a spreadsheet would take for a formula gets an apostrophe in front. */
export function writeCsv(rows: readonly (readonly (string | number | null | undefined)[])[]): string {
  return rows.map((row) => row.map(cell).join(',')).join('\r\n') + '\r\n';
}

function cell(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Saves a text as a file. The mark in front tells spreadsheets that it is UTF-8. */
export function saveCsv(name: string, rows: Parameters<typeof writeCsv>[0]): void {
  save(`${name}.csv`, new Blob(['\ufeff', writeCsv(rows)], { type: 'text/csv;charset=utf-8' }));
}

/** Saves rows as a workbook; what writes it comes when it is asked for. */
export async function saveXlsx(name: string, rows: Parameters<typeof writeCsv>[0]): Promise<void> {
  const { writeXlsx } = await import('./xlsx');
  const type = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
  save(`${name}.xlsx`, new Blob([writeXlsx(name, rows)], { type }));
}

/** Saves bytes as a file. */
export function save(name: string, blob: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1_000);
}
