// What the page of segments is drawn from; apart from the page's manifest, which every page loads.
import { answer, api, client } from '../../../app/api/client';
import { organisation } from '../../../app/organisation.svelte';

/** Asks for the map, for who is outside all segments, and for the people of each segment by id. */
export async function load() {
  const outside = answer(client.GET('/api/measure/segments/outside'));
  const [map, apart, report] = await Promise.all([api.map(), outside, api.report(null)]);
  organisation.learn(map);
  return { map, outside: apart, people: new Map(report.segments.map((one) => [one.segment, one.people])) };
}
