// Feedback: what customers say when asked, with who stayed silent, and what they write without being asked.
import { page } from '../../app/page';
import type { FeedbackShown } from './api';
import { feedback } from './api';

export default page<FeedbackShown>({
  path: '/feedback',
  title: { en: 'Feedback', fr: 'Feedback', ru: 'Обратная связь' },
  rail: {
    order: 60,
    icon: 'm12 4 2.400 5 5.600.700-4.100 3.900 1.100 5.500L12 16.400l-5 2.700 1.100-5.500L4 9.700 9.600 9Z',
  },
  load: () => feedback.shown(),
  component: () => import('./FeedbackPage.svelte'),
});
