import mixpanel from 'mixpanel-browser';
import { done, key, order, pause, url, user } from './life.mjs';

mixpanel.init(key, { api_host: url, track_pageview: true, batch_flush_interval_ms: 500 });
mixpanel.track('Plan Compared', { plan: 'pro' });
mixpanel.identify(user);
mixpanel.people.set({ plan: 'pro', $email: `${user}@example.org` });
mixpanel.alias(`old-${user}`);
mixpanel.set_group('company', 'acme');
mixpanel.track('Order Completed', { ...order, revenue: 42.5 });
await pause(1500);
done();
