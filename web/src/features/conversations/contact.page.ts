// The contact policy: how often somebody may be reached, when, and who is left out.
import { page } from '../../app/page';
import type { ContactPolicy } from './api';
import { conversations } from './api';

export default page<ContactPolicy>({
  path: '/contact',
  room: '/outreach',
  title: { en: 'Contact policy', fr: 'Politique de contact', ru: 'Политика контактов' },
  load: () => conversations.policy(),
  component: () => import('./ContactPage.svelte'),
});
