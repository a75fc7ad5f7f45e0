// A map as somebody sees it by a link, without an account: to be looked at, not to be changed.
import { organisation } from '../../app/organisation.svelte';
import { page } from '../../app/page';
import { desk as server, type Shared } from './edit/api';

export default page<Shared>({
  path: '/p/share/:token',
  title: { en: 'Shared map', fr: 'Carte partagée', ru: 'Общая карта' },
  isOpen: true,
  load: async ({ params }) => {
    const shared = await server.shared(params.token ?? '');
    organisation.learn(shared.map);
    return shared;
  },
  component: () => import('./SharedPage.svelte'),
});
