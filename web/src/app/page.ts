// The contract between the shell and a room: a file `page.ts` or `WHAT.page.ts` in a folder of `features` is a page.
// The shell finds the pages by itself; nothing else has to be told of a new one.
import type { Component } from 'svelte';
import type { Visit } from './router';
import { matchPath } from './router';
import type { Written } from './i18n/language.svelte';

/** What a page's component is given. While data are on their way it draws their skeleton. */
export interface PageProps<Data> {
  visit: Visit;
  data: Data | undefined;
}

/** A page: where it is, what it is called, how its data and its component are had. */
export interface Page<Data = unknown> {
  /** The pattern of its address, such as `/map/:touchpoint?`. */
  path: string;
  /** Its name, in the rail and in the window's title. */
  title: Written;
  /** Its place in the rail and the drawing beside its name; none: it is not in the rail. */
  rail?: { order: number; icon: string };
  /** The page of the rail that it belongs to, where its own address does not say so. */
  room?: string;
  /** Whether it stands before the door: no rail, no search, for strangers. */
  isOpen?: boolean;
  /** Names in the query that change what has to be loaded. */
  reloadOn?: readonly string[];
  /** Whether it shows what happens, and asks again when something has happened. */
  live?: boolean;
  /** Whether what was last shown may stand until newer data come: for pages that show and change nothing. */
  keeps?: boolean;
  load(visit: Visit): Promise<Data>;
  component(): Promise<{ default: Component<PageProps<Data>> }>;
}

/** Checks a manifest against the contract and forgets what its data are: only its own component knows. */
export function page<Data>(manifest: Page<Data>): Page {
  return manifest as unknown as Page;
}

/** Finds the page of a path. Of several the one with the fewest open parts: `/journeys/designed` before `/journeys/:tab`. */
export function findPage(pages: readonly Page[], path: string): { page: Page; params: Record<string, string> } | null {
  let found: { page: Page; params: Record<string, string> } | null = null;
  for (const page of pages) {
    const params = matchPath(page.path, path);
    if (params && (!found || Object.keys(params).length < Object.keys(found.params).length)) found = { page, params };
  }
  return found;
}

const manifests = import.meta.glob<Page>('../features/*/*page.ts', { eager: true, import: 'default' });

/** Every page there is. */
export const pages: readonly Page[] = Object.values(manifests).sort(
  (a, b) => (a.rail?.order ?? Infinity) - (b.rail?.order ?? Infinity),
);
