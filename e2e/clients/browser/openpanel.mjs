import { OpenPanel } from '@openpanel/web';
import { done, key, order, pause, url, user } from './life.mjs';

const panel = new OpenPanel({ apiUrl: url, clientId: key, trackScreenViews: true });
await pause(200);
await panel.track('Plan Compared', { plan: 'pro' });
await panel.identify({ profileId: user, email: `${user}@example.org`, properties: { plan: 'pro' } });
await panel.setGroup('acme');
await panel.revenue(42.5, { ...order });
done();
