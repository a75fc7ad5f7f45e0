import { CloudEvent, HTTP, Mode, emitterFor, httpTransport } from 'cloudevents';
import { key, order, url, user } from './life.mjs';

const say = (id, type, data) =>
  new CloudEvent({ id, type, source: 'https://till.example/1', subject: user, time: new Date().toISOString(), data });
const headers = { authorization: `Bearer ${key}` };
// The transport of the package itself, which sends chunks of unknown length.
const emit = (mode) => emitterFor(httpTransport(`${url}/cloudevents`), { binding: HTTP, mode });
await emit(Mode.BINARY)(say(`${user}-1`, 'Plan Compared', { plan: 'pro' }), { headers });
await emit(Mode.STRUCTURED)(say(`${user}-2`, 'Order Completed', { ...order, revenue: 42.5 }), { headers });
// The package has no sender for batches: its own structured bodies, in one array.
const batch = [say(`${user}-3`, 'Plan Compared', { plan: 'basic' }), say(`${user}-2`, 'Order Completed', { ...order, revenue: 42.5 })];
const answer = await fetch(`${url}/cloudevents`, {
  method: 'POST',
  headers: { ...headers, 'content-type': 'application/cloudevents-batch+json' },
  body: `[${batch.map((event) => HTTP.structured(event).body).join(',')}]`,
});
if (!answer.ok) throw new Error(`the batch was answered ${answer.status}`);
