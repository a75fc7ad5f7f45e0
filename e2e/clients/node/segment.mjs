import { Analytics } from '@segment/analytics-node';
import { device, key, order, page, url, user } from './life.mjs';

const analytics = new Analytics({ writeKey: key, host: url, maxRetries: 10 });
const anonymousId = device;
analytics.page({ anonymousId, name: 'Pricing', properties: { url: page } });
analytics.track({ anonymousId, event: 'Plan Compared', properties: { plan: 'pro' } });
analytics.identify({ anonymousId, userId: user, traits: { plan: 'pro', email: `${user}@example.org` } });
analytics.alias({ previousId: `old-${user}`, userId: user });
analytics.group({ userId: user, groupId: 'acme', traits: { size: 12 } });
analytics.track({ userId: user, event: 'Order Completed', properties: { ...order, revenue: 42.5 } });
await analytics.closeAndFlush();
