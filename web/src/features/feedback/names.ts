// The names of touchpoints, in the reader's language.

/** Names a touchpoint; one that the map has no more stands there by its id. */
export function nameOf(touchpoints: readonly { id: string; name: string }[], id: string): string {
  return touchpoints.find((one) => one.id === id)?.name || id;
}
