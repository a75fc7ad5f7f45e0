// What every browser client tells on the page that it lives on. URL and KEY are all that a user changes.
const { url, key, name, options } = window.touchline;
export { url, key, options };
export const user = `user-${name}`;
export const order = { order_id: `order-${name}`, currency: 'EUR', coupon: 'AUTUMN' };
/** Says that everything has been told; what is still on its way is waited for by the stage. */
export const done = () => (window.touchline.done = true);
export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
