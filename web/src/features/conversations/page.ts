// The inbox: whoever wrote, on whatever channel, what was said, and who they are, side by side.
import { page } from '../../app/page';
import type { ConversationList, InboxSummary } from './api';
import { conversations } from './api';

/** What the page is drawn from; one conversation comes by itself. */
export interface InboxData {
  list: ConversationList;
  summary: InboxSummary;
}

export default page<InboxData>({
  path: '/inbox/:conversation?',
  title: { en: 'Inbox', fr: 'Messages', ru: 'Входящие' },
  rail: { order: 50, icon: 'M4 5h16v14H4zM4 13h4.500l1.500 2.500h4L15.500 13H20' },
  reloadOn: ['view', 'channel', 'label', 'q'],
  load: async ({ query }) => {
    const [list, summary] = await Promise.all([conversations.list(query), conversations.summary()]);
    return { list, summary };
  },
  component: () => import('./InboxPage.svelte'),
});
