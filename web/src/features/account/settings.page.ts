// The settings: the own account for everybody; members, programs, organisation and log for those who keep the house.
import { page } from '../../app/page';
import type { components } from '../../app/api/schema';
import { me } from '../../app/me.svelte';
import { accountApi } from './api';

type Schemas = components['schemas'];

/** What is shown in each part. */
export interface SettingsData {
  profile?: Schemas['Member'];
  sessions?: Schemas['Session'][];
  members?: Schemas['Member'][];
  tokens?: Schemas['ApiToken'][];
  organisation?: Schemas['Organisation'];
  log?: Schemas['LogEntry'][];
}

export default page<SettingsData>({
  path: '/settings/:part?',
  title: { en: 'Settings', fr: 'Réglages', ru: 'Настройки' },
  rail: {
    order: 100,
    icon: 'M4 7h9m5 0h2M4 17h3m5 0h8M15 4.500v5M9.500 14.500v5',
  },
  async load(visit) {
    await me.know();
    switch (visit.params.part) {
      case 'members':
        return { members: await accountApi.members() };
      case 'programs':
        return { tokens: await accountApi.tokens() };
      case 'organisation':
        return { organisation: await accountApi.organisation() };
      case 'log': {
        const [log, members] = await Promise.all([accountApi.log(null), accountApi.members()]);
        return { log, members };
      }
      default: {
        const [profile, sessions] = await Promise.all([accountApi.profile(), accountApi.sessions()]);
        return { profile, sessions };
      }
    }
  },
  component: () => import('./SettingsPage.svelte'),
});
