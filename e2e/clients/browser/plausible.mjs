import { init, track } from '@plausible-analytics/tracker';
import { done, key, order, pause, url } from './life.mjs';

// A browser that is driven is ignored by the client unless this is set.
window.__plausible = true;
init({ domain: key, endpoint: `${url}/api/event`, formSubmissions: true, outboundLinks: true, captureOnLocalhost: true });
await pause(200);
track('Plan Compared', { props: { plan: 'pro' } });
track('Purchase', { props: { order_id: order.order_id, coupon: order.coupon }, revenue: { amount: 42.5, currency: 'EUR' } });
// Leaving the page after three seconds is what it calls an engagement.
await pause(3200);
window.dispatchEvent(new Event('blur'));
history.pushState({}, '', '/thanks');
await pause(300);
done();
