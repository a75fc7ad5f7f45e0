// Makes elements. What somebody wrote goes in as text, never as HTML; styles come from sheets, so a strict policy lets them be.
export const make = (name, attributes = {}, ...inside) => {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, '');
    else if (value !== false && value != null) element.setAttribute(key, value);
  }
  element.append(...inside.filter((one) => one != null && one !== false));
  return element;
};

/** Draws a number as the server wants it. */
export const draw = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
