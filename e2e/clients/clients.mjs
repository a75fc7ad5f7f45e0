// Who plays, and what must have become of what they told.
//
// `becomes` has one line for each interaction: form, event, worth, offer, and `@` the place. `people` counts the people
// behind them, `known_by` the namespaces of their names. `told` counts the calls of the script; `says` why fewer or more
// interactions came of them. `kind` is that of the source: `site` for browsers, `server` for servers.

const bought = 'purchase Order Completed 42.50 EUR AUTUMN';
const page = 'visit page @shop.example/pricing';
const nobody = 'identify, alias and group tell of people: nobody was met';

/** What the clients of the Segment family make of the common life. */
const segment = {
  told: 6,
  becomes: [page, 'other Plan Compared', bought],
  people: 1,
  known_by: ['anonymous', 'email', 'user'],
  says: nobody,
};
/** The same from a browser, where the key is public, so that an address is no proof of who somebody is. */
const segmentInBrowser = {
  ...segment,
  becomes: [page, 'other Plan Compared @shop.example/pricing', `${bought} @shop.example/pricing`],
  known_by: ['anonymous', 'user'],
};

/** Accidents after which a client sends again. */
const all = ['429', '503', 'lost'];

/** Each client with a name of its own for the run; `again` names the accidents after which it sends again. */
export const clients = [
  { name: 'segment-node', client: '@segment/analytics-node', file: 'node/segment.mjs', ...segment, again: all },
  { name: 'segment-python', client: 'segment-analytics-python', file: 'python/segment_python.py', ...segment, again: all },
  { name: 'segment-browser', client: '@segment/analytics-next', file: 'browser/segment.mjs', ...segmentInBrowser, again: all },
  {
    name: 'segment-browser-batches',
    client: '@segment/analytics-next',
    way: 'batching',
    file: 'browser/segment.mjs',
    options: { deliveryStrategy: { strategy: 'batching', config: { size: 10, timeout: 500 } } },
    ...segmentInBrowser,
  },
  { name: 'rudder-node', client: '@rudderstack/rudder-sdk-node', file: 'node/rudderstack.mjs', ...segment, again: all },
  { name: 'rudder-python', client: 'rudder-sdk-python', file: 'python/rudderstack_python.py', ...segment, again: all },
  { name: 'rudder-browser', client: '@rudderstack/analytics-js', file: 'browser/rudderstack.mjs', ...segmentInBrowser, again: all },
  {
    name: 'rudder-browser-beacon',
    client: '@rudderstack/analytics-js',
    way: 'beacon',
    file: 'browser/rudderstack.mjs',
    options: { useBeacon: true, beaconQueue: { flushQueueInterval: 500 } },
    ...segmentInBrowser,
  },
  { name: 'jitsu-node', client: '@jitsu/js', file: 'node/jitsu.mjs', ...segment, told: 5 },
  { name: 'jitsu-browser', client: '@jitsu/js', way: 'browser', file: 'browser/jitsu.mjs', ...segmentInBrowser, told: 5 },
  {
    name: 'cloudevents-node',
    client: 'cloudevents (npm)',
    file: 'node/cloudevents.mjs',
    told: 4,
    becomes: ['other Plan Compared @till.example/*', 'other Plan Compared @till.example/*', `${bought} @till.example/*`],
    people: 1,
    known_by: ['user'],
    says: 'binary, structured and a batch, in which the order comes a second time',
  },
  {
    name: 'cloudevents-python',
    client: 'cloudevents (PyPI)',
    file: 'python/cloudevents_python.py',
    told: 2,
    becomes: ['other Plan Compared @till.example/*', `${bought} @till.example/*`],
    people: 1,
    known_by: ['user'],
    says: 'binary and structured',
  },
  {
    name: 'posthog-node',
    client: 'posthog-node',
    file: 'node/posthog.mjs',
    told: 6,
    becomes: [page, 'other Plan Compared', bought],
    people: 1,
    known_by: ['distinct_id', 'user'],
    says: nobody,
    again: all,
  },
  {
    name: 'posthog-python',
    client: 'posthog',
    file: 'python/posthog_python.py',
    told: 7,
    becomes: [page, 'other Plan Compared', bought],
    people: 1,
    known_by: ['distinct_id', 'user'],
    says: nobody,
    again: all,
  },
  {
    name: 'posthog-browser',
    client: 'posthog-js',
    file: 'browser/posthog.mjs',
    told: 7,
    becomes: [page, 'other Plan Compared @shop.example/pricing', `${bought} @shop.example/pricing`, 'other $pageleave @shop.example/pricing'],
    people: 1,
    known_by: ['distinct_id', 'user'],
    says: 'the client itself tells that a page is seen and left',
    again: ['503', 'lost'],
  },
  {
    name: 'snowplow-node',
    client: '@snowplow/node-tracker',
    file: 'node/snowplow.mjs',
    told: 6,
    becomes: [page, page, 'other plan_compared', 'other plan_compared', 'purchase transaction 42.50 EUR', 'purchase transaction 42.50 EUR'],
    people: 1,
    known_by: ['device', 'user'],
    says: 'each once by POST and once by GET',
  },
  {
    name: 'snowplow-python',
    client: 'snowplow-tracker',
    file: 'python/snowplow_python.py',
    told: 3,
    becomes: [page, 'other plan_compared', 'purchase Order Completed'],
    people: 1,
    known_by: ['device', 'user'],
    says: 'the number of a structured event may be anything: it is kept, and is no money',
  },
  {
    name: 'snowplow-browser',
    client: '@snowplow/browser-tracker',
    file: 'browser/snowplow.mjs',
    told: 4,
    becomes: [
      page,
      'other plan_compared @shop.example/pricing',
      'purchase transaction 42.50 EUR @shop.example/pricing',
      'other Brochure Asked @shop.example/pricing',
    ],
    people: 1,
    known_by: ['device', 'user'],
    says: '',
    again: all,
  },
  {
    name: 'snowplow-browser-get',
    client: '@snowplow/browser-tracker',
    way: 'GET',
    file: 'browser/snowplow.mjs',
    options: { eventMethod: 'get' },
    told: 4,
    becomes: [
      page,
      'other plan_compared @shop.example/pricing',
      'purchase transaction 42.50 EUR @shop.example/pricing',
      'other Brochure Asked @shop.example/pricing',
    ],
    people: 1,
    known_by: ['device', 'user'],
    says: '',
  },
  {
    name: 'openpanel-node',
    client: '@openpanel/sdk',
    file: 'node/openpanel.mjs',
    told: 7,
    becomes: [page, 'other Plan Compared', 'purchase revenue 42.50 EUR AUTUMN'],
    people: 3,
    known_by: ['user'],
    says: 'what comes before `identify` names nobody; the other calls tell of people',
  },
  {
    name: 'openpanel-browser',
    client: '@openpanel/web',
    file: 'browser/openpanel.mjs',
    told: 5,
    becomes: [page, 'other Plan Compared @shop.example/pricing', 'purchase revenue 42.50 EUR AUTUMN @shop.example/pricing'],
    people: 2,
    known_by: ['user'],
    says: 'who has no profile is known for a day',
  },
  {
    name: 'umami-node',
    client: '@umami/node',
    file: 'node/umami.mjs',
    told: 4,
    becomes: [page, 'other Plan Compared', 'purchase Order Completed 42.50 EUR AUTUMN @shop.example/pricing'],
    people: 3,
    known_by: [],
    says: 'it names nobody; `identify` without an id says nothing',
  },
  {
    name: 'umami-python',
    client: 'umami-analytics',
    file: 'python/umami_python.py',
    told: 3,
    becomes: [page, 'other Plan Compared @shop.example/pricing', 'purchase revenue 42.50 EUR @shop.example/pricing'],
    people: 3,
    known_by: ['user'],
    says: 'only the purchase has a `distinct_id`; the others stand alone',
  },
  {
    name: 'plausible-browser',
    client: '@plausible-analytics/tracker',
    file: 'browser/plausible.mjs',
    told: 6,
    becomes: [
      page,
      'other Plan Compared @shop.example/pricing',
      'purchase Purchase 42.50 EUR AUTUMN @shop.example/pricing',
      'other engagement @shop.example/pricing',
      'visit page @shop.example/thanks',
      'other engagement @shop.example/thanks',
    ],
    people: 1,
    known_by: [],
    says: 'known for a day',
  },
  {
    name: 'mixpanel-node',
    client: 'mixpanel (npm)',
    file: 'node/mixpanel.mjs',
    told: 6,
    becomes: [page, 'other Plan Compared', bought],
    people: 1,
    known_by: ['device', 'user'],
    says: nobody,
  },
  {
    name: 'mixpanel-python',
    client: 'mixpanel (PyPI)',
    file: 'python/mixpanel_python.py',
    told: 7,
    becomes: [page, 'other Plan Compared', bought, 'visit Shop Visited'],
    people: 1,
    known_by: ['device', 'user'],
    says: nobody,
  },
  {
    name: 'mixpanel-browser',
    client: 'mixpanel-browser',
    file: 'browser/mixpanel.mjs',
    told: 6,
    becomes: [page, 'other Plan Compared @shop.example/pricing', `${bought} @shop.example/pricing`],
    people: 1,
    known_by: ['device', 'user'],
    says: nobody,
    again: all,
  },
];

/** The version of a client, as the lock file of its language names it. */
export function versionOf(client, lock, requirements) {
  const name = client.replace(/ \(.*\)$/, '');
  const inPython = new RegExp(`^${name.replace('.', '\\.')}==(.+)$`, 'm').exec(requirements);
  const inNode = lock.packages[`node_modules/${name}`];
  const version = client.endsWith('(PyPI)') || !inNode ? inPython?.[1] : inNode.version;
  if (!version) throw new Error(`neither lock file names ${client}`);
  return version;
}
