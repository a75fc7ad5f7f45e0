// Reads and writes addresses: which page a path means, with which parameters, and how a query changes.
// Pure functions; `place.svelte.ts` holds the present address and talks to the browser.

/** A visit to a page: its path, the named parts of the path, and the query. */
export interface Visit {
  path: string;
  params: Readonly<Record<string, string>>;
  query: URLSearchParams;
}

/**
 * Compares a path with a pattern such as `/map/:touchpoint?` and returns the named parts, or null.
 *
 * A part that ends in `?` may be missing; it can only stand last.
 */
export function matchPath(pattern: string, path: string): Record<string, string> | null {
  const wanted = parts(pattern);
  const given = parts(path);
  if (given.length > wanted.length) return null;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = given[index];
    if (value === undefined) {
      if (part.startsWith(':') && part.endsWith('?')) continue;
      return null;
    }
    if (part.startsWith(':')) {
      const decoded = decode(value);
      if (decoded === null) return null;
      params[part.slice(1).replace(/\?$/, '')] = decoded;
    } else if (part !== value) return null;
  }
  return params;
}

/** Fills a pattern with its named parts: the inverse of [matchPath]. */
export function buildPath(pattern: string, params: Readonly<Record<string, string | undefined>>): string {
  const filled = parts(pattern).flatMap((part) => {
    if (!part.startsWith(':')) return [part];
    const value = params[part.slice(1).replace(/\?$/, '')];
    if (value === undefined && !part.endsWith('?')) throw new Error(`the path ${pattern} needs ${part}`);
    return value === undefined ? [] : [encodeURIComponent(value)];
  });
  return `/${filled.join('/')}`;
}

/** Returns a query with some values set, or taken away where the value is null or empty. */
export function changeQuery(query: URLSearchParams, changes: Readonly<Record<string, string | null>>): URLSearchParams {
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === '') next.delete(name);
    else next.set(name, value);
  }
  return next;
}

/** Writes a path with a query. */
export function href(path: string, query: URLSearchParams): string {
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}

function parts(path: string): string[] {
  return path.split('/').filter((part) => part !== '');
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null; // A broken escape such as `%E0%A4` is no page of ours.
  }
}
