// Keeps the colour of the brand readable: what stands on it, and what it draws on light and dark paper.

/** Returns the relative luminance of a colour written as #1c5799, as WCAG reckons it. */
function light(colour) {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part > 0.04045 ? ((part + 0.055) / 1.055) ** 2.4 : part / 12.92;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Returns the contrast of two colours, 1 to 21. */
export function contrast(one, other) {
  const [high, low] = [light(one), light(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

const INK = '#1b2228';
const PAPER = '#fffefb';
const NIGHT = '#1c2024';
const DAY = '#e9e7e2';

/** Returns the properties that a colour of the brand becomes: itself, what is written on it, and lines on either paper. */
export function dress(colour) {
  const own = /^#[0-9a-f]{6}$/i.test(colour) ? colour : '#1c5799';
  return {
    '--colour': own,
    '--on':
      contrast(own, '#ffffff') >= 4.5 || contrast(own, '#ffffff') > contrast(own, '#000000') ? '#ffffff' : '#000000',
    '--edge': contrast(own, PAPER) >= 3 ? own : INK,
    '--edge-dark': contrast(own, NIGHT) >= 3 ? own : DAY,
  };
}

/** Puts the colour on a page element. */
export function wear(host, colour) {
  for (const [name, value] of Object.entries(dress(colour))) host.style.setProperty(name, value);
}
