// Every page and every part of a page that has an address of its own: what is true of all pages is tested on all of these,
// and pictures are taken of them. `every.spec.mjs` fails where a manifest in `web/src` names a path that is not here.

/** The addresses behind the door, by the names of their pictures. */
export const routes = [
  ['overview', '/'],
  ['start', '/start'],
  ...['business', 'ecosystem', 'objectives', 'segments', 'touchpoints', 'map'].map((step) => [
    `start-${step}`,
    `/start?step=${step}`,
  ]),
  ['map', '/map'],
  ['map-conversion', '/map?overlay=conversion'],
  ['map-list', '/map?view=list'],
  ['map-inside', '/map?view=inside'],
  ['map-ideas', '/map?view=ideas'],
  ['map-edit', '/map?edit=1'],
  ['card', '/map/newsletter'],
  ['card-edit', '/map/newsletter?edit=1'],
  ['journeys', '/journeys'],
  ...['funnel', 'retention', 'variants'].map((tab) => [`journeys-${tab}`, `/journeys?tab=${tab}`]),
  ['designed', '/journeys/designed'],
  ['people', '/people'],
  ['people-review', '/people?tab=review'],
  ['people-receipts', '/people?tab=receipts'],
  ['segments', '/people/segments'],
  ['inbox', '/inbox'],
  ['contact', '/contact'],
  ['mail', '/mail'],
  ...['channels', 'teams', 'articles', 'community', 'bot', 'mail', 'voice'].map((tab) => [
    `answers-${tab}`,
    `/answers/${tab}`,
  ]),
  ['feedback', '/feedback'],
  ['outreach', '/outreach'],
  ['measure', '/measure'],
  ...['attribution', 'cost', 'trends', 'watch', 'reports'].map((tab) => [`measure-${tab}`, `/measure?tab=${tab}`]),
  ['customers', '/measure/customers'],
  ['experience', '/measure/experience'],
  ['improve', '/improve'],
  ...['changes', 'balance', 'budget', 'trial', 'backlog'].map((tab) => [`improve-${tab}`, `/improve/${tab}`]),
  ['data', '/data'],
  ...[
    'signals',
    'signals?tab=dark',
    'sources',
    'sources/site',
    'imports',
    'quarantine',
    'by-hand',
    'tags',
    'hooks',
    'feeds',
  ].map((part) => [`data-${part.replace(/\W+/g, '-')}`, `/data/${part}`]),
  ['settings', '/settings'],
  ...['members', 'programs', 'organisation', 'log'].map((part) => [`settings-${part}`, `/settings/${part}`]),
];

/** Waits until a page is drawn with its data. */
export async function drawn(page) {
  const heading = page.locator('main[aria-busy="false"] :is(h1, h2):visible').first();
  await heading.waitFor().catch((error) => {
    throw new Error(`${page.url()} is not drawn`, { cause: error });
  });
}
