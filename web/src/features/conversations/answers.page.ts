// Where answers come from and go: channels, articles, the bot.
import { page } from '../../app/page';

export default page<null>({
  path: '/answers/:tab?',
  room: '/inbox',
  title: { en: 'Channels and answers', fr: 'Canaux et réponses', ru: 'Каналы и ответы' },
  load: () => Promise.resolve(null),
  component: () => import('./AnswersPage.svelte'),
});
