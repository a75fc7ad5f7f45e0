import { newTracker, setUserId, trackPageView, trackSelfDescribingEvent, trackStructEvent } from '@snowplow/browser-tracker';
import { done, key, options, order, pause, url, user } from './life.mjs';

newTracker('shop', url, { appId: key, contexts: { webPage: true }, ...options });
trackPageView();
trackSelfDescribingEvent({ event: { schema: 'iglu:example.org/plan_compared/jsonschema/1-0-0', data: { plan: 'pro' } } });
setUserId(user);
trackSelfDescribingEvent({
  event: {
    schema: 'iglu:com.snowplowanalytics.snowplow.ecommerce/snowplow_ecommerce_action/jsonschema/1-0-2',
    data: { type: 'transaction' },
  },
  context: [
    {
      schema: 'iglu:com.snowplowanalytics.snowplow.ecommerce/transaction/jsonschema/1-0-0',
      data: { transaction_id: order.order_id, revenue: 42.5, currency: 'EUR', payment_method: 'card', total_quantity: 1 },
    },
  ],
});
// What could not be sent goes with the next event.
await pause(1000);
trackStructEvent({ category: 'shop', action: 'Brochure Asked', label: 'print' });
await pause(500);
done();
