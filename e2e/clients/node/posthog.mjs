import { PostHog } from 'posthog-node';
import { device, key, order, page, url, user } from './life.mjs';

const posthog = new PostHog(key, { host: url });
posthog.capture({ distinctId: device, event: '$pageview', properties: { $current_url: page } });
posthog.capture({ distinctId: device, event: 'Plan Compared', properties: { plan: 'pro' } });
posthog.identify({ distinctId: user, properties: { plan: 'pro', email: `${user}@example.org`, $anon_distinct_id: device } });
posthog.alias({ distinctId: user, alias: `old-${user}` });
posthog.groupIdentify({ groupType: 'company', groupKey: 'acme', properties: { size: 12 }, distinctId: user });
posthog.capture({ distinctId: user, event: 'Order Completed', properties: { ...order, revenue: 42.5 }, groups: { company: 'acme' } });
await posthog.shutdown();
