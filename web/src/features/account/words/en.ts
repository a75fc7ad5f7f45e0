// The words of signing in, in English.
export default {
  title: 'You are signed out',
  refused: 'This link has been used or is too old',
  'refused.why': 'A sign-in link works once and only for a short time, so that nobody can use it after you.',
  lead: 'Touchline opens with a one-time link, which the server prints when it starts.',
  'step.1': 'Go to the terminal in which Touchline runs.',
  'step.2': 'Look for the line that begins with http and ends in #token=…',
  'step.3': 'Open that line in this browser. It works once.',
  again: 'No link left? Start the server with --link: it prints a fresh one.',
} as const;
