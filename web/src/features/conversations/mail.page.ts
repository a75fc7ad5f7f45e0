// Letters on their way out: sent, waiting, stopped with the reason, or caught where no server sends.
import { page } from '../../app/page';
import type { Outbox } from './api';
import { conversations } from './api';

export default page<Outbox>({
  path: '/mail',
  room: '/inbox',
  title: { en: 'Letters', fr: 'Courriels envoyés', ru: 'Письма' },
  load: () => conversations.letters(),
  component: () => import('./MailPage.svelte'),
});
