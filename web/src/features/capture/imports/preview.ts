// Writes what a trial shows of an interaction as everything else is written: the server sends moments as RFC 3339, amounts
// as "12.50 EUR", and names as "email:ad…", masked.

/** Returns the microseconds of a moment; nothing where it cannot be read. */
export function microsOf(at: string): number | null {
  const millis = Date.parse(at);
  return Number.isNaN(millis) ? null : millis * 1000;
}

/** Writes an amount with the digits of the language and the code of its currency: a sign such as $ is of many. */
export function amountIn(locale: string, text: string): string {
  const found = /^(-?\d+(?:\.\d+)?) ([A-Z]{3})$/.exec(text);
  if (!found) return text;
  const [, amount = '', currency = ''] = found;
  const digits = amount.split('.')[1]?.length ?? 0;
  return new Intl.NumberFormat(locale, {
    style: 'currency',
    currency,
    currencyDisplay: 'code',
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(Number(amount));
}

/** Divides a name into its kind and what is shown of it. */
export function nameIn(text: string): { kind: string; shown: string } {
  const at = text.indexOf(':');
  return { kind: text.slice(0, Math.max(0, at)), shown: text.slice(at + 1) };
}
