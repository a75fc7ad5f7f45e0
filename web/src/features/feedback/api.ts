// The questions of this room to the server, and the short names of what it answers.
import { answer, api, client } from '../../app/api/client';
import type { components } from '../../app/api/schema';

type Schemas = components['schemas'];

export type FeedbackShown = Schemas['FeedbackShown'];
/** What the page stands on. */
export interface FeedbackData {
  shown: FeedbackShown;
  touchpoints: readonly Schemas['Touchpoint'][];
}
export type Survey = Schemas['Survey'];
export type SurveyAnswer = Schemas['SurveyAnswer'];
export type SurveyKind = Schemas['SurveyKind'];
export type NewSurvey = Schemas['NewSurvey'];
export type Question = Schemas['SurveyQuestion'];
export type QuestionResults = Schemas['QuestionResults'];
export type SurveyTrigger = Schemas['SurveyTrigger'];
export type SurveyMoment = Schemas['SurveyMoment'];
export type Review = Schemas['CustomerReview'];
export type TextsShown = Schemas['TextsShown'];
export type TextExample = Schemas['TextExample'];
export type TextTheme = Schemas['TextTheme'];
export type ReviewChange = Schemas['ReviewChange'];
export type CommentsShown = Schemas['CommentsShown'];
export type CommentBlock = Schemas['CommentBlock'];
export type NewCommentBlock = Schemas['NewCommentBlock'];
export type CommentLevel = Schemas['CommentLevel'];
export type PageComment = Schemas['PageComment'];
export type CommentChange = Schemas['CommentChange'];
export type RefusalReason = Schemas['CommentRefusalReason'];
export type Mention = Schemas['Mention'];
export type NewMention = Schemas['NewMention'];
export type NewMentionFeed = Schemas['NewMentionFeed'];
export type FileReport = Schemas['FeedbackFileReport'];

/** Sends a file as it is: the server finds its encoding. */
const table = (file: File) => ({
  body: '',
  bodySerializer: () => file,
  headers: { 'content-type': 'text/csv' },
});

/** So much of a touchpoint is needed to say which it is. */
type Named = Pick<Schemas['Touchpoint'], 'id' | 'name'>;

export const feedback = {
  texts: (): Promise<TextsShown> => answer(client.GET('/api/feedback/texts')),
  examples: (theme: TextTheme, touchpoint: string): Promise<TextExample[]> =>
    answer(
      client.GET('/api/feedback/texts/examples', {
        params: { query: { theme, ...(touchpoint === '' ? {} : { touchpoint }) } },
      }),
    ),
  touchpoints: async (): Promise<readonly Named[]> => (await api.mapIfAny())?.touchpoints ?? [],
  shown: (): Promise<FeedbackShown> => answer(client.GET('/api/feedback')),
  make: (body: NewSurvey): Promise<{ id: number }> => answer(client.POST('/api/feedback/surveys', { body })),
  change: (id: number, body: NewSurvey): Promise<unknown> =>
    answer(client.PUT('/api/feedback/surveys/{id}', { params: { path: { id: String(id) } }, body })),
  close: (id: number, closed: boolean): Promise<unknown> =>
    answer(
      client.POST('/api/feedback/surveys/{id}/closing', { params: { path: { id: String(id) } }, body: { closed } }),
    ),
  trigger: (id: number, trigger: SurveyTrigger | null): Promise<unknown> =>
    answer(
      client.PUT('/api/feedback/surveys/{id}/trigger', { params: { path: { id: String(id) } }, body: { trigger } }),
    ),
  invite: (id: number, addresses: string[]): Promise<{ queued: number }> =>
    answer(
      client.POST('/api/feedback/surveys/{id}/invitations', {
        params: { path: { id: String(id) } },
        body: { addresses },
      }),
    ),
  moderate: (id: string, body: ReviewChange): Promise<unknown> =>
    answer(client.POST('/api/feedback/reviews/{id}', { params: { path: { id } }, body })),
  reviewFile: (file: File, apply: boolean, publish: boolean): Promise<FileReport> =>
    answer(client.POST('/api/feedback/reviews/file', { params: { query: { apply, publish } }, ...table(file) })),
  comments: (): Promise<CommentsShown> => answer(client.GET('/api/feedback/comments')),
  makeBlock: (body: NewCommentBlock): Promise<unknown> =>
    answer(client.POST('/api/feedback/comments/blocks', { body })),
  changeBlock: (id: number, body: NewCommentBlock): Promise<unknown> =>
    answer(client.PUT('/api/feedback/comments/blocks/{id}', { params: { path: { id: String(id) } }, body })),
  moderateComment: (id: string, body: CommentChange): Promise<unknown> =>
    answer(client.POST('/api/feedback/comments/{id}', { params: { path: { id } }, body })),
  mention: (body: NewMention): Promise<unknown> => answer(client.POST('/api/feedback/mentions', { body })),
  mentionFile: (file: File, apply: boolean): Promise<FileReport> =>
    answer(client.POST('/api/feedback/mentions/file', { params: { query: { apply } }, ...table(file) })),
  addFeed: (body: NewMentionFeed): Promise<unknown> => answer(client.POST('/api/feedback/mentions/feeds', { body })),
  dropFeed: (id: number): Promise<unknown> =>
    answer(client.DELETE('/api/feedback/mentions/feeds/{id}', { params: { path: { id: String(id) } } })),
};
