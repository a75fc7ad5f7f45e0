// The questions of this room to the server, and the short names of what it answers.
import { answer, client } from '../../app/api/client';
import type { components } from '../../app/api/schema';

type Schemas = components['schemas'];

export type Conversation = Schemas['Conversation'];
export type ConversationList = Schemas['ConversationList'];
export type ConversationShown = Schemas['ConversationShown'];
export type ConversationChange = Schemas['ConversationChange'];
export type Message = Schemas['Message'];
export type MessageFile = Schemas['MessageFile'];
export type Present = Schemas['Present'];
export type Participant = Schemas['Participant'];
export type CannedReply = Schemas['CannedReply'];
export type InboxSummary = Schemas['InboxSummary'];
export type InboxSettings = Schemas['InboxSettings'];
export type NewConversation = Schemas['NewConversation'];
export type Say = Schemas['Say'];
export type Timeline = Schemas['Timeline'];
export type Article = Schemas['Article'];
export type ArticleText = Schemas['ArticleText'];
export type ArticleHit = Schemas['ArticleHit'];
export type NewArticle = Schemas['NewArticle'];
export type BotSettings = Schemas['BotSettings'];
export type BotFigures = Schemas['BotFigures'];
export type MailSettings = Schemas['MailSettings'];
export type MailTried = Schemas['MailTried'];
export type ServerTried = Schemas['ServerTried'];
export type VoiceAddress = Schemas['VoiceAddress'];
export type Figure = Schemas['Figure'];
export type Reach = Schemas['ConversationReach'];
export type ChannelKind = Schemas['ChannelKind'];
export type ChannelSetup = Schemas['ChannelSetup'];
export type ShownChannel = Schemas['ShownChannel'];
export type AddedChannel = Schemas['AddedChannel'];
export type MessageTemplate = Schemas['MessageTemplate'];
export type Outbox = Schemas['Outbox'];
export type ContactPolicy = Schemas['ContactPolicy'];
export type ContactSettings = Schemas['ContactSettings'];
export type ContactRule = Schemas['ContactRule'];
export type ContactPreview = Schemas['ContactPreview'];
export type ContactChannel = Schemas['ContactChannel'];
export type ContactClass = Schemas['ContactClass'];

export type InboxTeam = Schemas['InboxTeam'];
export type NewInboxTeam = Required<Schemas['NewInboxTeam']>;
export type CommunityShown = Schemas['CommunityShown'];
export type CommunityQuestion = Schemas['CommunityQuestion'];
export type CommunityFigures = Schemas['CommunityFigures'];
export type CommunitySettings = Schemas['CommunitySettings'];
export type QuestionChange = Schemas['QuestionChange'];
export type AnswerChange = Schemas['AnswerChange'];
export type Colleague = Schemas['Colleague'];

/** Every channel that conversations come on. */
export const channels = [
  'chat',
  'email',
  'form',
  'phone',
  'in_person',
  'messenger',
  'telegram',
  'whatsapp',
  'facebook',
  'instagram',
  'sms',
  'review',
  'comment',
  'post',
];

const word = (query: URLSearchParams, name: string) => query.get(name) ?? undefined;

export const conversations = {
  list: (query: URLSearchParams): Promise<ConversationList> => {
    const asked = {
      view: word(query, 'view'),
      channel: word(query, 'channel'),
      label: word(query, 'label'),
      q: word(query, 'q'),
    };
    return answer(client.GET('/api/conversations', { params: { query: asked } }));
  },
  summary: (): Promise<InboxSummary> => answer(client.GET('/api/conversations/summary')),
  show: (id: string, after?: number): Promise<ConversationShown> =>
    answer(client.GET('/api/conversations/{id}', { params: { path: { id }, query: { after } } })),
  say: (id: string, body: Say): Promise<{ seq: number }> =>
    answer(client.POST('/api/conversations/{id}/messages', { params: { path: { id } }, body })),
  /** Adds a file, to be named by a message. Its bytes travel as they are, its name in a header: no address tells it. */
  addFile: (id: string, file: File): Promise<MessageFile> =>
    answer(
      client.POST('/api/conversations/{id}/files', {
        params: { path: { id }, header: { 'x-file-name': encodeURIComponent(file.name) } },
        headers: { 'content-type': 'application/octet-stream' },
        body: file as never,
        bodySerializer: (body: unknown) => body as Blob,
      }),
    ),
  set: (id: string, body: ConversationChange): Promise<Conversation> =>
    answer(client.POST('/api/conversations/{id}/state', { params: { path: { id } }, body })),
  present: (id: string, typing: boolean): Promise<unknown> =>
    answer(client.POST('/api/conversations/{id}/presence', { params: { path: { id } }, body: { typing } })),
  html: (id: string, seq: number): Promise<string> =>
    answer(client.GET('/api/conversations/{id}/messages/{seq}/html', { params: { path: { id, seq: String(seq) } } })),
  canned: (): Promise<CannedReply[]> => answer(client.GET('/api/conversations/canned')),
  addCanned: (name: string, text: string): Promise<CannedReply> =>
    answer(client.POST('/api/conversations/canned', { body: { name, text } })),
  letters: (): Promise<Outbox> => answer(client.GET('/api/conversations/mail')),
  policy: (): Promise<ContactPolicy> => answer(client.GET('/api/people/policy')),
  decide: (body: ContactSettings): Promise<unknown> => answer(client.PUT('/api/people/policy', { body })),
  addRule: (body: ContactRule): Promise<unknown> => answer(client.POST('/api/people/policy/rules', { body })),
  dropRule: (id: number): Promise<unknown> =>
    answer(client.DELETE('/api/people/policy/rules/{id}', { params: { path: { id: String(id) } } })),
  preview: (channel: ContactChannel, name: ContactClass): Promise<ContactPreview> =>
    answer(client.POST('/api/people/policy/preview', { body: { channel, class: name } })),
  articles: (): Promise<Article[]> => answer(client.GET('/api/conversations/articles')),
  found: (q: string, language: string): Promise<ArticleHit[]> =>
    answer(client.GET('/api/conversations/found', { params: { query: { q, language } } })),
  addArticle: (body: NewArticle): Promise<unknown> => answer(client.POST('/api/conversations/articles', { body })),
  changeArticle: (id: string, body: NewArticle): Promise<unknown> =>
    answer(client.PUT('/api/conversations/articles/{id}', { params: { path: { id } }, body })),
  dropArticle: (id: string): Promise<unknown> =>
    answer(client.DELETE('/api/conversations/articles/{id}', { params: { path: { id } } })),
  inserted: (id: string): Promise<unknown> =>
    answer(client.POST('/api/conversations/articles/{id}/inserted', { params: { path: { id } } })),
  suggested: (id: string): Promise<ArticleHit[]> =>
    answer(client.GET('/api/conversations/{id}/articles', { params: { path: { id } } })),
  bot: (): Promise<BotSettings> => answer(client.GET('/api/conversations/bot')),
  changeBot: (body: BotSettings): Promise<Schemas['BotChanged']> =>
    answer(client.PUT('/api/conversations/bot', { body })),
  botFigures: (): Promise<BotFigures> => answer(client.GET('/api/conversations/bot/figures')),
  settings: (): Promise<InboxSettings> => answer(client.GET('/api/conversations/settings')),
  changeSettings: (body: InboxSettings): Promise<unknown> =>
    answer(client.PUT('/api/conversations/settings', { body })),
  tryMail: (body: MailSettings): Promise<MailTried> =>
    answer(client.POST('/api/conversations/settings/mail/try', { body })),
  voice: (): Promise<VoiceAddress> => answer(client.GET('/api/conversations/voice')),
  drawVoice: (): Promise<VoiceAddress> => answer(client.POST('/api/conversations/voice')),
  dropVoice: (): Promise<unknown> => answer(client.DELETE('/api/conversations/voice')),
  channels: (): Promise<ShownChannel[]> => answer(client.GET('/api/conversations/channels')),
  addChannel: (body: ChannelSetup): Promise<AddedChannel> =>
    answer(client.POST('/api/conversations/channels', { body })),
  changeChannel: (id: string, body: ChannelSetup): Promise<unknown> =>
    answer(client.PUT('/api/conversations/channels/{id}', { params: { path: { id } }, body })),
  dropChannel: (id: string): Promise<unknown> =>
    answer(client.DELETE('/api/conversations/channels/{id}', { params: { path: { id } } })),
  tryChannel: (id: string): Promise<Schemas['ChannelTried']> =>
    answer(client.POST('/api/conversations/channels/{id}/try', { params: { path: { id } } })),
  teams: (): Promise<InboxTeam[]> => answer(client.GET('/api/conversations/teams')),
  addTeam: (body: NewInboxTeam): Promise<unknown> => answer(client.POST('/api/conversations/teams', { body })),
  changeTeam: (id: number, body: NewInboxTeam): Promise<unknown> =>
    answer(client.PUT('/api/conversations/teams/{id}', { params: { path: { id: String(id) } }, body })),
  dropTeam: (id: number): Promise<unknown> =>
    answer(client.DELETE('/api/conversations/teams/{id}', { params: { path: { id: String(id) } } })),
  colleagues: (id: string): Promise<Colleague[]> =>
    answer(client.GET('/api/conversations/{id}/colleagues', { params: { path: { id } } })),
  community: (): Promise<CommunityShown> => answer(client.GET('/api/conversations/community')),
  openCommunity: (body: CommunitySettings): Promise<unknown> =>
    answer(client.PUT('/api/conversations/community', { body })),
  communityFigures: (): Promise<CommunityFigures> => answer(client.GET('/api/conversations/community/figures')),
  changeQuestion: (id: string, body: QuestionChange): Promise<CommunityQuestion> =>
    answer(client.POST('/api/conversations/community/questions/{id}', { params: { path: { id } }, body })),
  changeAnswer: (id: string, body: AnswerChange): Promise<unknown> =>
    answer(client.POST('/api/conversations/community/answers/{id}', { params: { path: { id } }, body })),
  begin: (body: NewConversation): Promise<{ id: string }> => answer(client.POST('/api/conversations', { body })),
  timeline: (id: string): Promise<Timeline> =>
    answer(client.GET('/api/people/{id}/timeline', { params: { path: { id }, query: { limit: 25 } } })),
};

/** Draws an id by which the same message, sent twice, is one. */
export const draw = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
