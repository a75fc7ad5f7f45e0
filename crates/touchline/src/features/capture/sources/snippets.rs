//! What to paste into a client so that it sends to a source: the client's own words, only the address is ours.

use super::store::Source;

/// The clients that a snippet is kept for, each with its text.
const SNIPPETS: [(&str, &str); 17] = [
    // Our own: docs/capture/tracker.md.
    ("script", r#"<script async src="URL/t.js?k=KEY"></script>"#),
    (
        "browser",
        "import { AnalyticsBrowser } from '@segment/analytics-next'

export const analytics = AnalyticsBrowser.load(
  { writeKey: 'KEY', cdnURL: 'URL' },
  { integrations: { 'Segment.io': { apiHost: 'HOST/v1', protocol: 'SCHEME' } } },
)
analytics.page()",
    ),
    (
        "segment-node",
        "import { Analytics } from '@segment/analytics-node'

const analytics = new Analytics({ writeKey: 'KEY', host: 'URL' })
analytics.track({ userId: 'customer-1', event: 'Order Completed', properties: { revenue: 25, currency: 'EUR' } })
await analytics.closeAndFlush()",
    ),
    (
        "segment-python",
        "import segment.analytics as analytics

analytics.write_key = 'KEY'
analytics.host = 'URL'
analytics.track('customer-1', 'Order Completed', {'revenue': 25, 'currency': 'EUR'})
analytics.shutdown()",
    ),
    (
        "rudderstack-browser",
        "import { RudderAnalytics } from '@rudderstack/analytics-js'

const analytics = new RudderAnalytics()
analytics.load('KEY', 'URL', { configUrl: 'URL' })
analytics.page()",
    ),
    (
        "rudderstack-node",
        "import RudderAnalytics from '@rudderstack/rudder-sdk-node'

const analytics = new RudderAnalytics('KEY', { dataPlaneUrl: 'URL/v1/batch' })
analytics.track({ userId: 'customer-1', event: 'Order Completed', properties: { revenue: 25, currency: 'EUR' } })
analytics.flush()",
    ),
    (
        "rudderstack-python",
        "import rudderstack.analytics as analytics

analytics.write_key = 'KEY'
analytics.dataPlaneUrl = 'URL'
analytics.track('customer-1', 'Order Completed', {'revenue': 25, 'currency': 'EUR'})
analytics.shutdown()",
    ),
    (
        "jitsu",
        "import { jitsuAnalytics } from '@jitsu/js'

const analytics = jitsuAnalytics({ host: 'URL', writeKey: 'KEY' })
analytics.track('Order Completed', { revenue: 25, currency: 'EUR' })",
    ),
    (
        "cloudevents",
        "curl 'URL/cloudevents?writeKey=KEY' \\
  -H 'Content-Type: application/cloudevents+json' \\
  -d '{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/till/2\",\"type\":\"org.example.purchase\",\"subject\":\"customer-1\",\"data\":{\"value\":25}}'",
    ),
    (
        "posthog-browser",
        "import posthog from 'posthog-js'

posthog.init('KEY', { api_host: 'URL' })",
    ),
    (
        "posthog-python",
        "from posthog import Posthog

posthog = Posthog('KEY', host='URL')
posthog.capture('order completed', distinct_id='customer-1', properties={'value': 25})
posthog.shutdown()",
    ),
    (
        "snowplow-browser",
        "import { newTracker, trackPageView } from '@snowplow/browser-tracker'

newTracker('touchline', 'URL', { appId: 'KEY' })
trackPageView()",
    ),
    (
        "plausible",
        "import { init } from '@plausible-analytics/tracker'

init({ domain: 'KEY', endpoint: 'URL/api/event' })",
    ),
    (
        "umami",
        "import umami from '@umami/node'

umami.init({ websiteId: 'KEY', hostUrl: 'URL' })
umami.track({ url: '/thanks', name: 'order completed' })",
    ),
    (
        "openpanel",
        "import { OpenPanel } from '@openpanel/sdk'

const op = new OpenPanel({ apiUrl: 'URL', clientId: 'KEY' })
op.track('order completed', { value: 25 })",
    ),
    (
        "mixpanel-python",
        "from mixpanel import Consumer, Mixpanel

mixpanel = Mixpanel('KEY', consumer=Consumer('URL/track', 'URL/engage'))
mixpanel.track('customer-1', 'order completed', {'value': 25})",
    ),
    (
        "curl",
        "curl 'URL/v1/track' -u 'KEY:' -H 'Content-Type: application/json' \\
  -d '{\"messageId\":\"order-1001\",\"userId\":\"customer-1\",\"event\":\"Order Completed\",\"properties\":{\"revenue\":25,\"currency\":\"EUR\"}}'",
    ),
];

/// Lists the clients that a snippet is kept for.
pub(super) fn clients() -> impl Iterator<Item = &'static str> {
    SNIPPETS.iter().map(|(client, _)| *client)
}

/// Returns the text for a client; `None` for one that we do not know. `url` is where clients reach us, without a slash
/// at its end.
pub(super) fn snippet(client: &str, url: &str, source: &Source) -> Option<String> {
    let (_, text) = SNIPPETS.iter().find(|(name, _)| *name == client)?;
    let (scheme, host) = url.split_once("://").unwrap_or(("http", url));
    // The key last: it is drawn, and could by chance hold one of these words.
    Some(
        text.replace("HOST", host)
            .replace("SCHEME", scheme)
            .replace("URL/", &format!("{url}/"))
            .replace("'URL'", &format!("'{url}'"))
            .replace("KEY", &source.write_key),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::capture::{SourceKind, SourceSettings};

    #[test]
    fn every_snippet_names_address_and_key() {
        let write_key = "k-URL-1".to_owned();
        let source = Source { name: "site".into(), kind: SourceKind::Site, write_key, settings: SourceSettings::default() };
        for client in clients() {
            let text = snippet(client, "https://map.example.org", &source).expect("is kept");
            assert!(text.contains("map.example.org") && text.contains("k-URL-1"), "{client}: {text}");
            let left = text.replace("k-URL-1", "").replace("cdnURL", "").replace("configUrl", "");
            assert!(!["KEY", "URL", "HOST", "SCHEME"].iter().any(|word| left.contains(word)), "{client}: {text}");
        }
        assert_eq!(snippet("segment-nod", "https://map.example.org", &source), None);
    }
}
