import posthog from 'posthog-js';
import { done, key, order, pause, url, user } from './life.mjs';

posthog.init(key, { api_host: url, request_batching: true, person_profiles: 'always' });
posthog.capture('Plan Compared', { plan: 'pro' });
posthog.identify(user, { plan: 'pro', email: `${user}@example.org` });
posthog.alias(`old-${user}`);
posthog.group('company', 'acme', { size: 12 });
posthog.capture('Order Completed', { ...order, revenue: 42.5 });
// The client sends what it holds every three seconds.
await pause(4000);
done();
