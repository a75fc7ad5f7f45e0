// Uses up a one-time link: `#token=…`. The token stands in the fragment, so it never reaches a log of the server;
// it leaves the address before anything else happens, so it stays in no history either.
import { api } from '../../app/api/client';
import { place } from '../../app/place.svelte';

/** Where one lands after signing in. */
const home = '/';

/** Signs in with the token of the address, if there is one, and goes on; a refused one leads to the sign-in page. */
export async function arrive(): Promise<void> {
  const token = tokenOf(location.hash);
  if (token === null) {
    return;
  }
  history.replaceState(null, '', location.pathname + location.search);
  try {
    await api.signIn(token);
    if (place.path === '/' || place.path === '/sign-in') place.go(home, { replace: true });
  } catch {
    place.go('/sign-in?refused=1', { replace: true });
  }
}

/** Finds the token in a fragment. */
export function tokenOf(hash: string): string | null {
  const token = new URLSearchParams(hash.replace(/^#/, '')).get('token');
  return token === null || token === '' ? null : token;
}
