// What lies on the desk: one conversation with everything said in it, kept up to date while it is looked at, and what
// its reader has begun to write.
import { Problem } from '../../app/api/client';
import type {
  Conversation,
  ConversationChange,
  ConversationShown,
  Message,
  MessageFile,
  Participant,
  Present,
  Reach,
} from './api';
import { conversations, draw } from './api';

/** Presence is said again so often while somebody looks, in milliseconds. */
const presentEvery = 8_000;

/** A text that is not sent yet, by conversation; it outlives a reload. */
const drafts = {
  read: (id: string): string => sessionStorage.getItem(`touchline.draft.${id}`) ?? '',
  write: (id: string, text: string) =>
    text === ''
      ? sessionStorage.removeItem(`touchline.draft.${id}`)
      : sessionStorage.setItem(`touchline.draft.${id}`, text),
};

export class Desk {
  id = $state<string | null>(null);
  conversation = $state.raw<Conversation | null>(null);
  messages = $state.raw<Message[]>([]);
  participants = $state.raw<Participant[]>([]);
  present = $state.raw<Present[]>([]);
  /** How the customer is reached, where a messenger stands between. */
  reach = $state.raw<Reach | null>(null);
  /** The template that is to be sent. */
  template = $state<string | null>(null);
  problem = $state.raw<Problem | null>(null);
  draft = $state('');
  /** Files that go with the next message: they are with the server already. */
  files = $state.raw<MessageFile[]>([]);
  isAdding = $state(false);
  isNote = $state(false);
  canned = $state<number | null>(null);
  isSending = $state(false);
  /** Somebody said something since the last look, so that what is written may be beside the point. */
  isStale = $state(false);
  /** The id of what is being sent: a second try is the same message. */
  private clientId = draw();
  private lastPresent = 0;

  /** Puts a conversation on the desk, or clears it. */
  async lay(id: string | null): Promise<void> {
    if (id === this.id) return;
    this.id = id;
    this.conversation = null;
    this.messages = [];
    this.participants = [];
    this.present = [];
    this.reach = null;
    this.template = null;
    this.problem = null;
    this.isStale = false;
    this.isNote = false;
    this.canned = null;
    this.clientId = draw();
    this.draft = id ? drafts.read(id) : '';
    this.files = [];
    if (id) await this.refresh();
  }

  /** Asks for what is new. */
  async refresh(): Promise<void> {
    const id = this.id;
    if (!id) return;
    try {
      // Everything again: what was queued may be sent by now, and there are few hundred lines at most.
      const shown = await conversations.show(id);
      if (id === this.id) this.take(shown);
    } catch (error) {
      if (id !== this.id) return;
      this.problem = error instanceof Problem ? error : new Problem(0, String(error));
      // It was given to a team that is closed to us, or its person was erased: nothing of it stays on the desk.
      if (this.problem.status === 404) this.conversation = null;
    }
  }

  private take(shown: ConversationShown): void {
    this.problem = null;
    this.conversation = shown.conversation;
    this.messages = shown.messages;
    this.participants = shown.participants;
    this.present = shown.present;
    this.reach = shown.reach ?? null;
  }

  write(text: string): void {
    this.draft = text;
    if (this.id) drafts.write(this.id, text);
    this.look(text !== '');
  }

  /** Adds files to what is being written. */
  async add(files: Iterable<File>): Promise<void> {
    const id = this.id;
    if (!id) return;
    this.isAdding = true;
    this.problem = null;
    try {
      for (const file of files) {
        const added = await conversations.addFile(id, file);
        if (id !== this.id) return;
        this.files = [...this.files, added];
      }
    } catch (error) {
      this.problem = error instanceof Problem ? error : new Problem(0, String(error));
    } finally {
      this.isAdding = false;
    }
  }

  /** Says that somebody looks, or writes. */
  look(typing = false): void {
    const now = Date.now();
    if (!this.id || document.hidden || now - this.lastPresent < (typing ? 2_000 : presentEvery)) return;
    this.lastPresent = now;
    conversations.present(this.id, typing).catch(() => undefined);
  }

  /** Sends what is written. Where somebody said something meanwhile, it is kept and shown beside it. */
  async send(anyway = false): Promise<boolean> {
    const id = this.id;
    const text = this.draft.trim();
    if (!id || (text === '' && this.files.length === 0) || this.isSending || this.isAdding) return false;
    this.isSending = true;
    const after = Math.max(0, ...this.messages.map((message) => message.seq));
    const files = this.files.map((file) => file.id);
    const [canned, template] = [this.canned, this.template];
    const body = { client_id: this.clientId, text, files, note: this.isNote, after, anyway, canned, template };
    try {
      await conversations.say(id, body);
      this.clientId = draw();
      this.isStale = false;
      this.canned = null;
      this.template = null;
      this.problem = null;
      this.files = [];
      this.write('');
      await this.refresh();
      return true;
    } catch (error) {
      if (error instanceof Problem && error.status === 409) {
        this.isStale = true;
        await this.refresh();
      } else this.problem = error instanceof Problem ? error : new Problem(0, String(error));
      return false;
    } finally {
      this.isSending = false;
    }
  }

  async set(change: ConversationChange): Promise<boolean> {
    const id = this.id;
    if (!id) return false;
    try {
      const conversation = await conversations.set(id, change);
      if (id === this.id) this.conversation = conversation;
      await this.refresh();
      return true;
    } catch (error) {
      this.problem = error instanceof Problem ? error : new Problem(0, String(error));
      return false;
    }
  }
}

/** Listens for changes; the browser itself comes again where it was. Returns how to stop. */
export function listen(after: number, changed: (conversation: string | null) => void): () => void {
  let stream: EventSource | null = null;
  let last = after;
  const open = () => {
    stream?.close();
    stream = null;
    if (document.hidden) return; // A page that nobody sees costs nothing; what it missed is replayed.
    stream = new EventSource(`/api/conversations/events?after=${last}`);
    stream.addEventListener('conversation', (event: MessageEvent<string>) => {
      last = Number(event.lastEventId) || last;
      changed((JSON.parse(event.data) as { conversation: string }).conversation);
    });
    stream.addEventListener('behind', (event: MessageEvent<string>) => {
      last = Number(event.lastEventId) || last;
      changed(null);
    });
    stream.addEventListener('present', () => changed(null));
  };
  document.addEventListener('visibilitychange', open);
  open();
  return () => {
    document.removeEventListener('visibilitychange', open);
    stream?.close();
  };
}
