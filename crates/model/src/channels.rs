//! On which channel somebody came: a hint of the source, and the rules that make a channel of it when reading.
//!
//! A signal keeps what was seen ([`Hint`]: `google / cpc`, `news.example / referral + fbclid`, or a plain word such as
//! `telephone`), never what it means. The meaning is one table of rules, first match wins: those of the organisation
//! first ([`TouchpointMap::channel_rules`](crate::TouchpointMap)), then the defaults of `catalogue/channels.json`. Calls,
//! visits, letters and shops are channels of the same table, so that a newsletter can be compared with a hotline.

use crate::signal::{Signature, glob};
use crate::text::Text;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;
use utoipa::ToSchema;

/// Stands for the source of somebody who came by no link that is known.
pub const DIRECT: &str = "(direct)";
/// Stands for the medium of somebody who came by no link that is known.
pub const NONE: &str = "(none)";
/// Stands for a part that was left out of a tagged link.
pub const NOT_SET: &str = "(not set)";
/// The medium of somebody who came by a link on another site.
pub const REFERRAL: &str = "referral";
/// The channel of a hint that no rule knows.
pub const UNASSIGNED: &str = "unassigned";

/// The marks that platforms add to a link, by parameter. The value tells one person from another, so only the name of the
/// parameter is kept. Of several in one link the first of this list counts: the paid ones stand first.
#[rustfmt::skip]
pub const CLICK_IDS: [&str; 19] = [
    "gclid", "gbraid", "wbraid", "gad_source", "dclid", "gclsrc", "msclkid", "ttclid", "twclid", "li_fat_id", "rdt_cid",
    "qclid", "sccid", "irclid", "epik", "mc_cid", "_kx", "igshid", "fbclid",
];

/// Is how a signal says where somebody came from: source, medium, and the mark of a click.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hint<'a> {
    /// Came by a link, or by none that is known.
    Web {
        /// The tagged source, the host of the referring page, or [`DIRECT`].
        source: &'a str,
        /// The tagged medium, [`REFERRAL`], [`NONE`] or [`NOT_SET`].
        medium: &'a str,
        /// One of [`CLICK_IDS`]; empty without one.
        click: &'a str,
    },
    /// A word of the source's own, such as `telephone`; empty: nothing is said, as on a step within a site.
    Plain(&'a str),
}

impl<'a> Hint<'a> {
    /// Reads the `channel` of a signature.
    #[must_use]
    pub fn read(written: &'a str) -> Self {
        let Some((source, rest)) = written.split_once(" / ") else {
            return Self::Plain(written);
        };
        match rest.rsplit_once(" + ") {
            Some((medium, click)) if CLICK_IDS.contains(&click) => Self::Web { source, medium, click },
            _ => Self::Web { source, medium: rest, click: "" },
        }
    }
}

impl fmt::Display for Hint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(word) => f.write_str(word),
            Self::Web { source, medium, click: "" } => write!(f, "{source} / {medium}"),
            Self::Web { source, medium, click } => write!(f, "{source} / {medium} + {click}"),
        }
    }
}

/// Is what a site is known for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SiteKind {
    /// Finds pages.
    Search,
    /// People talk there.
    Social,
    /// Sells goods of many.
    Shopping,
    /// Shows films.
    Video,
    /// A machine that answers questions.
    Assistant,
    /// Mail in the browser.
    Mail,
}

/// Gives a channel to hints. The first rule that fits counts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelRule {
    /// The channel, by id: one of the map's, one of [`channels`], or a new one.
    pub channel: String,
    /// When it applies.
    pub when: ChannelMatch,
}

/// Says to which signals a channel rule applies: every field that is set must fit, and of a list any one.
///
/// `*` in a pattern stands for any run of characters. What a hint says is in small letters, and so are its patterns.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ChannelMatch {
    /// Patterns for [`Signature::source`]: the site, till or list that sent the signal.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<String>,
    /// Patterns for [`Signature::event`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub event: Vec<String>,
    /// Patterns for [`Signature::place`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub place: Vec<String>,
    /// Patterns for [`Signature::campaign`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub campaign: Vec<String>,
    /// Patterns for a plain hint, such as `telephone`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hint: Vec<String>,
    /// Patterns for where somebody came from: the tagged source, or the host of the referring page.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub source: Vec<String>,
    /// Patterns for the tagged medium.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub medium: Vec<String>,
    /// What the site where somebody came from is known for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteKind>,
    /// Marks of a click, of [`CLICK_IDS`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub click: Vec<String>,
    /// The medium says that the click was paid: it contains `cp`, is `ppc` or `retargeting`, or begins with `paid`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub paid: bool,
    /// The campaign is of a shop: it contains `shopping`, or `shop` where no letter but `e` stands before it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub shop: bool,
}

impl ChannelMatch {
    /// Tells whether nothing is set, so that every signal would fit.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Tells whether a rule applies.
    fn fits(&self, seen: &Seen) -> bool {
        let signature = seen.signature;
        let own = [
            (&self.from, &signature.source),
            (&self.event, &signature.event),
            (&self.place, &signature.place),
            (&self.campaign, &signature.campaign),
        ];
        own.into_iter().all(|(patterns, text)| fits(patterns, text)) && self.fits_hint(seen)
    }

    fn fits_hint(&self, seen: &Seen) -> bool {
        if self.shop && !is_shop(&seen.signature.campaign) {
            return false;
        }
        match seen.hint {
            Hint::Plain(word) => {
                fits(&self.hint, word)
                    && self.source.is_empty()
                    && self.medium.is_empty()
                    && self.site.is_none()
                    && self.click.is_empty()
                    && !self.paid
            }
            Hint::Web { source, medium, click } => {
                self.hint.is_empty()
                    && fits(&self.source, source)
                    && fits(&self.medium, medium)
                    && (self.click.is_empty() || self.click.iter().any(|known| known == click))
                    && self.site.is_none_or(|kind| seen.site == Some(kind))
                    && (!self.paid || is_paid(medium))
            }
        }
    }
}

/// No pattern fits anything.
fn fits(patterns: &[String], text: &str) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| glob(pattern, text))
}

/// `^(.*cp.*|ppc|retargeting|paid.*)$`
fn is_paid(medium: &str) -> bool {
    medium.contains("cp") || medium == "ppc" || medium == "retargeting" || medium.starts_with("paid")
}

/// `^(.*(([^a-df-z]|^)shop|shopping).*)$`
fn is_shop(campaign: &str) -> bool {
    campaign.contains("shopping")
        || campaign.match_indices("shop").any(|(at, _)| match campaign[..at].chars().next_back() {
            Some(before) => !before.is_ascii_lowercase() || before == 'e',
            None => true,
        })
}

/// Is a signature with its hint taken apart.
struct Seen<'a> {
    signature: &'a Signature,
    hint: Hint<'a>,
    site: Option<SiteKind>,
}

/// Is a channel that the defaults know.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KnownChannel {
    /// The id.
    pub id: String,
    /// The name on the screen.
    pub name: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Defaults {
    channels: Vec<KnownChannel>,
    rules: Vec<ChannelRule>,
}

static DEFAULTS: LazyLock<Defaults> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../catalogue/channels.json")).expect("the built-in rules are checked by a test")
});

static SITES: LazyLock<HashMap<&str, SiteKind>> = LazyLock::new(|| {
    let sites: HashMap<SiteKind, Vec<&str>> =
        serde_json::from_str(include_str!("../catalogue/sites.json")).expect("the built-in sites are checked by a test");
    sites.into_iter().flat_map(|(kind, sites)| sites.into_iter().map(move |site| (site, kind))).collect()
});

/// Returns the channels that the defaults know, offline ones included.
#[must_use]
pub fn channels() -> &'static [KnownChannel] {
    &DEFAULTS.channels
}

/// Returns the default rules, in their order.
#[must_use]
pub fn default_rules() -> &'static [ChannelRule] {
    &DEFAULTS.rules
}

/// Returns the channel of a signature: by the organisation's own rules, else by the defaults.
///
/// A plain hint that no rule knows is a channel of its own: the source has named it. A hint that says nothing gives no
/// channel: it belongs to a step within a visit, or to something that came by no channel at all.
#[must_use]
pub fn channel_of<'a>(own: &'a [ChannelRule], signature: &'a Signature) -> &'a str {
    let hint = Hint::read(&signature.channel);
    let site = match hint {
        Hint::Web { source, .. } => site_kind(source),
        Hint::Plain(_) => None,
    };
    let seen = Seen { signature, hint, site };
    match own.iter().chain(default_rules()).find(|rule| rule.when.fits(&seen)) {
        Some(rule) => &rule.channel,
        None => match hint {
            Hint::Plain(word) => word,
            Hint::Web { .. } => UNASSIGNED,
        },
    }
}

/// Finds what a site is known for, by the most particular name that the list knows: `mail.google.com`, then
/// `google.com`, then `google.*`. A tag without a dot, such as `google`, is looked up as `google.*` too.
#[must_use]
pub fn site_kind(source: &str) -> Option<SiteKind> {
    let mut host = source;
    loop {
        if let Some(kind) = SITES.get(host) {
            return Some(*kind);
        }
        match host.split_once('.') {
            Some((_, parent)) if parent.contains('.') => host = parent,
            _ => break,
        }
    }
    let mut stem = without_ending(source);
    loop {
        if let Some(kind) = SITES.get(format!("{stem}.*").as_str()) {
            return Some(*kind);
        }
        stem = stem.split_once('.')?.1;
    }
}

/// Takes the ending off a host: `google` of `google.com`, of `google.co.uk`, and of a tag without a dot.
fn without_ending(host: &str) -> &str {
    match host.rsplit_once('.') {
        None => host,
        Some((stem, ending)) => match stem.rsplit_once('.') {
            Some((stem, "co" | "com" | "org" | "net" | "or" | "ne")) if ending.len() == 2 => stem,
            _ => stem,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_are_read_as_written() {
        for (written, expected) in [
            ("google / cpc", Hint::Web { source: "google", medium: "cpc", click: "" }),
            ("(direct) / (none) + gclid", Hint::Web { source: "(direct)", medium: "(none)", click: "gclid" }),
            ("partner / a + b", Hint::Web { source: "partner", medium: "a + b", click: "" }),
            ("telephone", Hint::Plain("telephone")),
            ("", Hint::Plain("")),
        ] {
            assert_eq!(Hint::read(written), expected);
            assert_eq!(expected.to_string(), written);
        }
    }

    #[test]
    fn sites_are_known_by_their_most_particular_name() {
        for (source, expected) in [
            ("google", Some(SiteKind::Search)),
            ("google.de", Some(SiteKind::Search)),
            ("images.google.co.uk", Some(SiteKind::Search)),
            ("mail.google.com", Some(SiteKind::Mail)),
            ("l.facebook.com", Some(SiteKind::Social)),
            ("notgoogle.com", None),
            ("shopping.google.co.uk", Some(SiteKind::Shopping)),
            ("google.example.org", None),
            ("x", Some(SiteKind::Social)),
            ("x.org", None),
            ("co.uk", None),
            ("", None),
        ] {
            assert_eq!(site_kind(source), expected, "{source}");
        }
    }

    /// The two expressions of the definition, case by case.
    #[test]
    fn paid_and_shop_mean_what_their_expressions_say() {
        for (medium, expected) in
            [("cpc", true), ("xcpx", true), ("ppc", true), ("appc", false), ("paid-any", true), ("unpaid", false)]
        {
            assert_eq!(is_paid(medium), expected, "{medium}");
        }
        for (campaign, expected) in [
            ("shop", true),
            ("eshop", true),
            ("spring-shop", true),
            ("2shop", true),
            ("workshop", false),
            ("bishop", false),
            ("workshopping", true),
            ("workshop and shop", true),
        ] {
            assert_eq!(is_shop(campaign), expected, "{campaign}");
        }
    }

    #[test]
    fn defaults_are_sound() {
        let known = |id: &str| channels().iter().any(|channel| channel.id == id);
        for rule in default_rules() {
            assert!(!rule.when.is_empty(), "{}", rule.channel);
            assert!(known(&rule.channel), "{}", rule.channel);
            assert!(rule.when.click.iter().all(|click| CLICK_IDS.contains(&click.as_str())), "{:?}", rule.when.click);
        }
        assert!(known(UNASSIGNED) && SITES.len() > 200);
        assert!(SITES.keys().all(|site| *site == site.to_lowercase()));
    }

    #[test]
    fn a_rule_of_the_organisation_comes_first() {
        let signature = Signature { source: "site".into(), channel: "google / cpc".into(), ..Signature::default() };
        assert_eq!(channel_of(&[], &signature), "paid-search");
        let own = ChannelRule {
            channel: "agency".into(),
            when: ChannelMatch { medium: vec!["cp*".into()], from: vec!["site".into()], ..ChannelMatch::default() },
        };
        assert_eq!(channel_of(std::slice::from_ref(&own), &signature), "agency");
        let till = Signature { source: "till".into(), ..signature };
        assert_eq!(channel_of(&[own], &till), "paid-search");
    }
}
