import { OpenPanel } from '@openpanel/sdk';
import { key, order, url, user, page } from './life.mjs';

const panel = new OpenPanel({ apiUrl: url, clientId: key, clientSecret: 'unused', sdk: 'node' });
await panel.track('screen_view', { __path: page, __title: 'Pricing' });
await panel.track('Plan Compared', { plan: 'pro' });
await panel.identify({ profileId: user, email: `${user}@example.org`, properties: { plan: 'pro' } });
await panel.upsertGroup({ id: 'acme', type: 'company', name: 'Acme' });
await panel.setGroup('acme');
await panel.increment({ profileId: user, property: 'visits', value: 1 });
await panel.revenue(42.5, { ...order });
