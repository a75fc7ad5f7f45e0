import { Umami } from '@umami/node';
import { key, order, page, url } from './life.mjs';

const umami = new Umami({ hostUrl: url, websiteId: key });
await umami.track({ url: '/pricing?utm_source=letter', hostname: 'shop.example', title: 'Pricing', language: 'en', referrer: 'https://search.example/' });
await umami.track('Plan Compared', { plan: 'pro' });
await umami.identify({ plan: 'pro' });
await umami.track({ website: key, url: page, name: 'Order Completed', data: { ...order, revenue: 42.5 } });
