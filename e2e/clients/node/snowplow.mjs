import { buildPageView, buildSelfDescribingEvent, newTracker } from '@snowplow/node-tracker';
import { key, order, page, url, user, device } from './life.mjs';

const end = new URL(url);
for (const eventMethod of ['post', 'get']) {
  const tracker = newTracker(
    { namespace: 'cf', appId: key, encodeBase64: eventMethod === 'post' },
    { endpoint: end.hostname, port: Number(end.port), protocol: 'http', eventMethod, bufferSize: 1 },
  );
  tracker.setUserId(user);
  tracker.setDomainUserId(device);
  tracker.track(buildPageView({ pageUrl: page, pageTitle: 'Pricing', referrer: 'https://search.example/' }));
  tracker.track(
    buildSelfDescribingEvent({ event: { schema: 'iglu:example.org/plan_compared/jsonschema/1-0-0', data: { plan: 'pro' } } }),
    [{ schema: 'iglu:example.org/cart/jsonschema/1-0-0', data: { size: 2 } }],
  );
  tracker.track(
    buildSelfDescribingEvent({
      event: {
        schema: 'iglu:com.snowplowanalytics.snowplow.ecommerce/snowplow_ecommerce_action/jsonschema/1-0-2',
        data: { type: 'transaction' },
      },
    }),
    [
      {
        schema: 'iglu:com.snowplowanalytics.snowplow.ecommerce/transaction/jsonschema/1-0-0',
        data: { transaction_id: `${order.order_id}-${eventMethod}`, revenue: 42.5, currency: 'EUR', payment_method: 'card', total_quantity: 1 },
      },
    ],
  );
  tracker.flush();
}
