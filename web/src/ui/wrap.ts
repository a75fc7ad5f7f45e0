// Breaks texts into lines, since a picture does not break them by itself.

/** Breaks a text into at most so many lines of about so many letters; what does not fit ends in an ellipsis. */
export function wrapText(text: string, letters: number, lines: number): string[] {
  const found: string[] = [];
  let line = '';
  for (const word of text.trim().split(/\s+/).filter(Boolean)) {
    // A word longer than a line is cut rather than left to run out of the frame.
    for (let rest = word; rest !== ''; ) {
      const part = rest.slice(0, letters);
      rest = rest.slice(letters);
      if (line === '') line = part;
      else if (line.length + 1 + part.length <= letters) line += ` ${part}`;
      else {
        found.push(line);
        line = part;
      }
    }
  }
  if (line !== '') found.push(line);
  if (found.length <= lines) return found;
  const kept = found.slice(0, lines);
  kept[lines - 1] = `${(kept[lines - 1] ?? '').slice(0, letters - 1)}…`;
  return kept;
}
