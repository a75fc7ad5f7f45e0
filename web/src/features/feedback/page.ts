// Feedback: what customers say when asked, with who stayed silent, and what they write without being asked.
import { api } from '../../app/api/client';
import { page } from '../../app/page';
import type { FeedbackData } from './api';
import { feedback } from './api';

export default page<FeedbackData>({
  path: '/feedback',
  title: { en: 'Feedback', fr: 'Retours', ru: 'Обратная связь' },
  rail: {
    order: 60,
    icon: 'm12 4 2.400 5 5.600.700-4.100 3.900 1.100 5.500L12 16.400l-5 2.700 1.100-5.500L4 9.700 9.600 9Z',
  },
  load: async () => {
    const [shown, map] = await Promise.all([feedback.shown(), api.mapIfAny()]);
    return { shown, touchpoints: map?.touchpoints ?? [] };
  },
  component: () => import('./FeedbackPage.svelte'),
});
