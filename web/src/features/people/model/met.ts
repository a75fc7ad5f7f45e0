// What is said of an interaction besides its form.

/** Returns the event as its source names it; nothing where that says the same as the form. */
export function eventBeside(form: string, event: string): string {
  const plain = (text: string) =>
    text
      .toLowerCase()
      .replaceAll(/[\s_-]+/g, ' ')
      .trim();
  return plain(event) === plain(form) ? '' : event;
}
