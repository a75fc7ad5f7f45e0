// What every server client tells: the same small life, in its own words. URL and KEY are all that a user changes.
export const url = process.env.TOUCHLINE_URL;
export const key = process.env.TOUCHLINE_KEY;
const name = process.env.TOUCHLINE_NAME;
/** The person of this run, so that no two clients share one. */
export const user = `user-${name}`;
export const device = `device-${name}`;
export const page = 'http://shop.example/pricing?utm_source=letter&utm_medium=email&utm_campaign=autumn';
export const order = { order_id: `order-${name}`, currency: 'EUR', coupon: 'AUTUMN' };
