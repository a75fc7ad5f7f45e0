import { jitsuAnalytics } from '@jitsu/js';
import { done, key, order, url, user } from './life.mjs';

const analytics = jitsuAnalytics({ host: url, writeKey: `${key}:unused` });
await analytics.page('Pricing');
await analytics.track('Plan Compared', { plan: 'pro' });
await analytics.identify(user, { plan: 'pro', email: `${user}@example.org` });
await analytics.group('acme', { size: 12 });
await analytics.track('Order Completed', { ...order, revenue: 42.5 });
done();
