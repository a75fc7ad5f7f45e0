// Remembers small wishes of the reader in this browser: language and theme. Works on where storage is forbidden.

/** Returns what was remembered under a name, or null. */
export function recall(name: string): string | null {
  try {
    return localStorage.getItem(`touchline.${name}`);
  } catch {
    return null;
  }
}

/** Remembers a value under a name, if the browser lets us. */
export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(`touchline.${name}`, value);
  } catch {
    // Private windows may forbid it; the wish then lasts as long as the page.
  }
}
