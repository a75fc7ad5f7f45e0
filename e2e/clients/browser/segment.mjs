import { AnalyticsBrowser } from '@segment/analytics-next';
import { done, key, options, order, url, user } from './life.mjs';

const host = url.replace(/^https?:\/\//, '') + '/v1';
const [analytics] = await AnalyticsBrowser.load(
  { writeKey: key, cdnURL: url },
  { integrations: { 'Segment.io': { apiHost: host, protocol: 'http', ...options } } },
);
await analytics.page('Pricing');
await analytics.track('Plan Compared', { plan: 'pro' });
await analytics.identify(user, { plan: 'pro', email: `${user}@example.org` });
await analytics.alias(user, `old-${user}`);
await analytics.group('acme', { size: 12 });
await analytics.track('Order Completed', { ...order, revenue: 42.5 });
done();
