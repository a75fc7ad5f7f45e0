// Holds the present address and changes it. Every state a person may want to share or come back to lives here.
import { changeQuery, href } from './router';

/** What holds on every page: whom the figures speak of, and over which days. */
const everywhere = ['segment', 'from', 'to'];

class Place {
  path = $state(location.pathname);
  query = $state.raw(new URLSearchParams(location.search));

  /** Goes to an address of this application; `replace` leaves no step for the Back button. */
  go(address: string, how: { replace?: boolean } = {}): void {
    const target = new URL(address, location.origin);
    history[how.replace === true ? 'replaceState' : 'pushState'](null, '', target.pathname + target.search);
    this.read();
  }

  /** Changes the query of the present page. Filters replace, so that Back leaves the page and not a filter. */
  ask(changes: Readonly<Record<string, string | null>>): void {
    this.go(href(this.path, changeQuery(this.query, changes)), { replace: true });
  }

  /** Returns the address of another path under the present query. */
  beside(path: string): string {
    return href(path, this.query);
  }

  /** Returns the address of another page that keeps what holds everywhere: the segment and the period. */
  within(path: string): string {
    const kept = new URLSearchParams();
    for (const name of everywhere) {
      const value = this.query.get(name);
      if (value !== null) kept.set(name, value);
    }
    return href(path, kept);
  }

  read(): void {
    this.path = location.pathname;
    this.query = new URLSearchParams(location.search);
  }
}

/** The present address. */
export const place = new Place();

/** Follows the Back button and plain clicks on links of our own; returns how to stop. */
export function followLinks(): () => void {
  const back = () => place.read();
  const click = (event: MouseEvent) => {
    const link = (event.target as Element | null)?.closest('a');
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (!link || !plain || event.defaultPrevented) return;
    if (link.origin !== location.origin || link.target !== '' || link.hasAttribute('download') || link.hash !== '')
      return;
    event.preventDefault();
    place.go(link.pathname + link.search);
  };
  addEventListener('popstate', back);
  document.addEventListener('click', click);
  return () => {
    removeEventListener('popstate', back);
    document.removeEventListener('click', click);
  };
}
