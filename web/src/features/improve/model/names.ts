// Finds the names that the organisation gave: what has left the map keeps its id.
import type { Text, TouchpointMap } from '../../../app/api/types';
import { read } from '../../../app/i18n/language.svelte';

/** Returns the name of an entry by its id. */
export function nameIn(list: readonly { id: string; name: Text }[], id: string): string {
  return read(list.find((entry) => entry.id === id)?.name) || id;
}

/** Returns the name of a touchpoint. */
export const touchpointName = (map: TouchpointMap, id: string): string => nameIn(map.touchpoints, id);
