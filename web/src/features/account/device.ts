// Tells which browser on which system a session is of, from what the browser calls itself: for people who look for a session that
// is not theirs, so a rough name is enough, and nothing depends on it.

/** The browsers, those before others whose mark they also bear. */
const browsers: readonly [RegExp, string][] = [
  [/\bEdgA?\//, 'Edge'],
  [/\b(?:OPR|Opera)\//, 'Opera'],
  [/\bYaBrowser\//, 'Yandex Browser'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:Chrome|CriOS|HeadlessChrome|Chromium)\//, 'Chrome'],
  [/\bVersion\/[\d.]+ .*Safari\//, 'Safari'],
];
const systems: readonly [RegExp, string][] = [
  [/\b(?:iPhone|iPad|iPod)\b/, 'iOS'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\b(?:Macintosh|Mac OS X)\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
];

/** Names browser and system; empty where they are not known. */
export function deviceOf(agent: string): { browser: string; system: string } {
  const first = (list: readonly [RegExp, string][]) => list.find(([mark]) => mark.test(agent))?.[1] ?? '';
  return { browser: first(browsers), system: first(systems) };
}
