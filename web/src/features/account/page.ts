// The sign-in page: what one sees without a session, and how to get one.
import { page } from '../../app/page';

export default page({
  path: '/sign-in',
  title: { en: 'Sign in', fr: 'Connexion', ru: 'Вход' },
  isOpen: true,
  load: () => Promise.resolve(null),
  component: () => import('./SignInPage.svelte'),
});
