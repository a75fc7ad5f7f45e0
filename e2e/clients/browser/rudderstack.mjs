import { RudderAnalytics } from '@rudderstack/analytics-js/bundled';
import { done, key, options, order, url, user } from './life.mjs';

const analytics = new RudderAnalytics();
analytics.load(key, url, { configUrl: url, ...options });
await new Promise((ready) => analytics.ready(ready));
analytics.page('Pricing');
analytics.track('Plan Compared', { plan: 'pro' });
analytics.identify(user, { plan: 'pro', email: `${user}@example.org` });
analytics.alias(user, `old-${user}`);
analytics.group('acme', { size: 12 });
analytics.track('Order Completed', { ...order, revenue: 42.5 });
done();
