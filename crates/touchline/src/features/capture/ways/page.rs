//! Where a web page is, as far as it may be told: host and path, campaign, whence somebody came.

use model::Signature;
use serde_json::{Map, Value};
use url::Url;

/// Parts of a signature are words.
const WORD_MAX: usize = 200;

/// Is what the addresses of a page and of the page before say.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Seen {
    place: String,
    campaign: String,
    source: String,
    medium: String,
    referrer: String,
}

impl Seen {
    /// Reads the addresses; what cannot be read says nothing.
    pub(super) fn of(url: &str, referrer: &str) -> Self {
        let mut seen = Self::default();
        let page = Url::parse(url).ok();
        let host = |url: &Url| url.host_str().unwrap_or_default().to_owned();
        if let Some(page) = &page {
            seen.place = cut(&format!("{}{}", host(page), page.path()));
            for (name, value) in page.query_pairs() {
                match name.as_ref() {
                    "utm_campaign" => seen.campaign = cut(&value),
                    "utm_source" => seen.source = cut(&value),
                    "utm_medium" => seen.medium = cut(&value),
                    _ => {}
                }
            }
        }
        let from = Url::parse(referrer).ok().map(|url| host(&url));
        seen.referrer = from.filter(|from| page.as_ref().is_none_or(|page| host(page) != *from)).unwrap_or_default();
        seen
    }

    /// Returns the signature of an event on this page.
    pub(super) fn signature(&self, source: &str, event: &str) -> Signature {
        Signature {
            source: source.to_owned(),
            event: event.to_owned(),
            channel: self.medium.clone(),
            place: self.place.clone(),
            campaign: self.campaign.clone(),
            touchpoint: String::new(),
        }
    }

    /// Adds whence somebody came to the properties.
    pub(super) fn tell(&self, props: &mut Map<String, Value>) {
        for (name, text) in [("referrer", &self.referrer), ("utm_source", &self.source)] {
            if !text.is_empty() {
                props.insert(name.to_owned(), text.clone().into());
            }
        }
    }
}

fn cut(text: &str) -> String {
    text.chars().filter(|sign| !sign.is_control()).take(WORD_MAX).collect()
}
