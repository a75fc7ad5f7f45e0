// Outreach: what we say without being asked, where it is welcome. So far: pop-ups over a page.
import { api } from '../../app/api/client';
import { page } from '../../app/page';
import type { OutreachShown } from './api';
import { outreach } from './api';

export default page<OutreachShown>({
  path: '/outreach',
  title: { en: 'Outreach', fr: 'Sollicitations', ru: 'Наши сообщения' },
  rail: { order: 65, icon: 'M4 10v4h3l8 5V5l-8 5ZM18.500 9c1.500 2 1.500 4 0 6' },
  live: true,
  load: async () => {
    const [{ popups }, map] = await Promise.all([outreach.popups(), api.mapIfAny()]);
    return { popups, touchpoints: map?.touchpoints ?? [], segments: map?.segments ?? [] };
  },
  component: () => import('./OutreachPage.svelte'),
});
