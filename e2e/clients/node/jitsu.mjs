import { jitsuAnalytics } from '@jitsu/js';
import { key, order, url, user, page } from './life.mjs';

const analytics = jitsuAnalytics({ host: url, writeKey: `${key}:unused`, s2s: true, fetch });
await analytics.page({ name: 'Pricing', url: page });
await analytics.track('Plan Compared', { plan: 'pro' });
await analytics.identify(user, { plan: 'pro', email: `${user}@example.org` });
await analytics.group('acme', { size: 12 });
await analytics.track('Order Completed', { ...order, revenue: 42.5 });
