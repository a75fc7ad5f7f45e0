// Says what somebody has done in words: the log holds a name such as `member.invited`, or the method and route of a request.
import { words } from '../../../app/i18n/language.svelte';
import en from './words/en';
import fr from './words/fr';
import ru from './words/ru';

type Key = keyof typeof en;
const say = words<Key>(en, fr, ru);

/** Tells whether an action has words of its own. */
export const isNamed = (action: string): action is Key => action in en;

/** Says an action; one without words by its room and its method, and as it stands where not even these are known. */
export function deed(action: string): string {
  if (isNamed(action)) return say(action);
  const [, method, room] = /^([A-Z]+) \/api\/([a-z]+)/.exec(action) ?? [];
  const [did, where] = [`other.${method}`, `room.${room}`];
  return isNamed(did) && isNamed(where) ? say(did, { room: say(where) }) : action;
}

/** Is to whom or what something was done, as far as it was noted. */
export interface About {
  /** A member, by number. */
  member?: number;
  role?: string;
  /** A token, by number. */
  token?: number;
  rights?: string;
  /** How many sessions. */
  sessions?: number;
}

/** Reads what the log notes beside an action; nothing where it notes nothing. */
export function about(action: string, noted: string): About {
  const [first = '', second] = noted.split(' ');
  const number = Number(first);
  if (first === '' || Number.isNaN(number)) return {};
  if (action.startsWith('member.')) return second ? { member: number, role: second } : { member: number };
  if (action.startsWith('token.')) return second ? { token: number, rights: second } : { token: number };
  return action === 'session.ended' ? { sessions: number } : {};
}
