import RudderAnalytics from '@rudderstack/rudder-sdk-node';
import { device, key, order, page, url, user } from './life.mjs';

const analytics = new RudderAnalytics(key, { dataPlaneUrl: url });
const anonymousId = device;
analytics.page({ anonymousId, name: 'Pricing', properties: { url: page } });
analytics.track({ anonymousId, event: 'Plan Compared', properties: { plan: 'pro' } });
analytics.identify({ anonymousId, userId: user, traits: { plan: 'pro', email: `${user}@example.org` } });
analytics.alias({ previousId: `old-${user}`, userId: user });
analytics.group({ userId: user, groupId: 'acme', traits: { size: 12 } });
analytics.track({ userId: user, event: 'Order Completed', properties: { ...order, revenue: 42.5 } });
await new Promise((done) => setTimeout(done, 300));
await analytics.flush();
