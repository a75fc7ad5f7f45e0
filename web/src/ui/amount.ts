// Amounts of money in fields: minor units on one side, what somebody reads and types on the other, with the digits of the currency.

/** Returns how many digits a currency has behind the point: two for the euro, none for the yen, three for the dinar. */
export function digitsOf(currency: string): number {
  return new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
}

/** Returns how many minor units make a major one. */
export function minorIn(currency: string): number {
  return 10 ** digitsOf(currency);
}

/** Writes minor units for a field. */
export function inField(minor: number, currency: string): string {
  return (Math.round(minor) / minorIn(currency)).toFixed(digitsOf(currency));
}

/** Reads minor units from a field; nothing, or what is below it, is nought. */
export function fromField(text: string, currency: string): number {
  const amount = Number(text.replace(',', '.'));
  return amount > 0 ? Math.round(amount * minorIn(currency)) : 0;
}
