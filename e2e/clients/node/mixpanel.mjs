import Mixpanel from 'mixpanel';
import { promisify } from 'node:util';
import { device, key, order, page, url, user } from './life.mjs';

const { host } = new URL(url);
const mixpanel = Mixpanel.init(key, { host, protocol: 'http' });
const track = promisify(mixpanel.track.bind(mixpanel));
await track('$mp_web_page_view', { distinct_id: `$device:${device}`, $device_id: device, current_url: page });
await track('Plan Compared', { distinct_id: user, $device_id: device, $user_id: user, plan: 'pro' });
await promisify(mixpanel.people.set.bind(mixpanel.people))(user, { plan: 'pro', $email: `${user}@example.org` });
await promisify(mixpanel.alias.bind(mixpanel))(user, `old-${user}`);
await promisify(mixpanel.groups.set.bind(mixpanel.groups))('company', 'acme', { size: 12 });
await track('Order Completed', { distinct_id: user, ...order, revenue: 42.5 });
