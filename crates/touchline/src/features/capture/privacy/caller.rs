//! Who is calling, as far as a request tells: address, browser, page, and what the browser asks for.
//!
//! All of it is personal and lives as long as the request: what of it is kept, and in which form, is the policy's
//! decision. Nothing here is written to a log, which is why `Debug` shows none of it.

use crate::features::capture::IpPolicy;
use axum::http::{HeaderMap, header};
use std::net::IpAddr;

/// More than any browser sends; what comes after says nothing new.
const AGENT_BYTES_MAX: usize = 1_024;
/// Addresses in one `X-Forwarded-For` that are looked at: more proxies than this stand in no row.
const HOPS_MAX: usize = 16;

/// Is what one request tells of its sender.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Caller {
    /// The network address.
    pub address: Option<IpAddr>,
    /// The name that the program gives itself; empty where it gives none.
    pub user_agent: String,
    /// The host of the page from which the request came; empty where the browser keeps it to itself.
    pub host: String,
    /// Whether the browser says `Sec-GPC: 1`: do not sell or share.
    pub gpc: bool,
    /// Whether the browser says `DNT: 1`: do not track.
    pub dnt: bool,
    /// How much of the address the client asks us to keep at most (`X-IP-Policy` of Jitsu's clients).
    pub ip_at_most: Option<IpPolicy>,
    /// Whether the server that tells of a customer asks us to take the address of its own request for theirs, unless it
    /// names one (`context.direct` of the Segment protocol).
    pub is_direct: bool,
    /// Whether the page was fetched in advance or for a preview, so that nobody has seen it yet.
    pub prefetch: bool,
}

impl std::fmt::Debug for Caller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Caller(gpc {}, dnt {}, prefetch {}, …)", self.gpc, self.dnt, self.prefetch)
    }
}

impl Caller {
    /// Reads the headers of a request that came from the address `peer`.
    ///
    /// A peer in a private network is a proxy of ours: then the last address in `X-Forwarded-For` that is not
    /// private counts. Anything before that one was written by the caller, who may write what he likes.
    #[must_use]
    pub fn of(headers: &HeaderMap, peer: Option<IpAddr>) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().trim();
        let says_one = |name: &str| text(name) == "1";
        let purposes = ["sec-purpose", "purpose", "x-purpose", "x-moz"].map(|name| text(name).to_ascii_lowercase());
        let is_prefetch = |purpose: &String| ["prefetch", "preview", "prerender"].iter().any(|word| purpose.contains(word));
        let agent = headers.get(header::USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes())).unwrap_or_default();
        let page = [header::ORIGIN.as_str(), header::REFERER.as_str()].map(text).into_iter().find_map(host_of);
        Self {
            address: peer.map(|peer| behind_proxies(peer.to_canonical(), text("x-forwarded-for"))),
            user_agent: clipped(agent.trim(), AGENT_BYTES_MAX).to_owned(),
            host: page.unwrap_or_default(),
            gpc: says_one("sec-gpc"),
            dnt: says_one("dnt"),
            ip_at_most: ip_policy(text("x-ip-policy")),
            prefetch: purposes.iter().any(is_prefetch),
            is_direct: false,
        }
    }

    /// Makes of what a server tells of its customer: the address, the browser, and the page.
    #[must_use]
    pub fn told(address: &str, user_agent: &str, page: &str) -> Self {
        Self {
            address: address.trim().parse::<IpAddr>().ok().map(|address| address.to_canonical()),
            user_agent: clipped(user_agent.trim(), AGENT_BYTES_MAX).to_owned(),
            host: host_of(page).unwrap_or_default(),
            ..Self::default()
        }
    }
}

/// Reads how much of an address a client asks us to keep; what nobody knows asks for nothing.
fn ip_policy(word: &str) -> Option<IpPolicy> {
    match word.to_ascii_lowercase().replace(['-', '_'], "").as_str() {
        "remove" | "none" => Some(IpPolicy::None),
        "striplastoctet" => Some(IpPolicy::Truncated),
        "keep" => Some(IpPolicy::Full),
        _ => None,
    }
}

/// Returns the caller's own address where proxies of ours stand between.
fn behind_proxies(peer: IpAddr, forwarded: &str) -> IpAddr {
    if !is_private(peer) {
        return peer;
    }
    let hops = forwarded.rsplit(',').take(HOPS_MAX).map_while(|hop| hop.trim().parse::<IpAddr>().ok());
    let mut found = peer;
    for hop in hops.map(|hop| hop.to_canonical()) {
        found = hop;
        if !is_private(hop) {
            break;
        }
    }
    found
}

/// Tells whether an address belongs to a network of one's own.
const fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

/// Returns the host of an address in small letters.
fn host_of(address: &str) -> Option<String> {
    url::Url::parse(address).ok()?.host_str().map(str::to_ascii_lowercase)
}

/// Returns the beginning of a text, of at most so many bytes.
fn clipped(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (name.parse().expect("is a name"), value.parse().expect("is a value"))).collect()
    }

    #[track_caller]
    fn check_address(peer: &str, forwarded: &str, expected: &str) {
        let caller = Caller::of(&headers(&[("x-forwarded-for", forwarded)]), Some(peer.parse().expect("is an address")));
        assert_eq!(caller.address, Some(expected.parse().expect("is an address")), "{peer} {forwarded}");
    }

    #[test]
    fn only_our_own_proxies_are_believed() {
        check_address("198.51.100.7", "", "198.51.100.7");
        check_address("198.51.100.7", "203.0.113.9", "198.51.100.7");
        check_address("127.0.0.1", "203.0.113.9", "203.0.113.9");
        // The caller wrote the first one himself.
        check_address("127.0.0.1", "192.0.2.1, 203.0.113.9, 10.0.0.4", "203.0.113.9");
        check_address("::1", "2001:db8::7", "2001:db8::7");
        check_address("10.1.2.3", "nonsense", "10.1.2.3");
        check_address("::ffff:127.0.0.1", "203.0.113.9", "203.0.113.9");
    }

    #[test]
    fn headers_are_read() {
        let caller = Caller::of(
            &headers(&[
                ("user-agent", " Browser/1 "),
                ("referer", "https://Shop.Example.org/a/secret?b"),
                ("sec-gpc", "1"),
                ("sec-purpose", "prefetch;prerender"),
            ]),
            None,
        );
        let expected = Caller {
            user_agent: "Browser/1".into(),
            host: "shop.example.org".into(),
            gpc: true,
            prefetch: true,
            ..Caller::default()
        };
        assert_eq!(caller, expected);
        let origin =
            Caller::of(&headers(&[("origin", "https://a.example"), ("referer", "https://b.example"), ("dnt", "0")]), None);
        assert_eq!(origin, Caller { host: "a.example".into(), ..Caller::default() });
        assert_eq!(Caller::of(&headers(&[("origin", "null")]), None), Caller::default());
    }

    #[test]
    fn a_client_may_ask_to_keep_less() {
        for (word, expected) in [
            ("keep", Some(IpPolicy::Full)),
            ("stripLastOctet", Some(IpPolicy::Truncated)),
            ("strip_last_octet", Some(IpPolicy::Truncated)),
            ("remove", Some(IpPolicy::None)),
            ("", None),
            ("whatever", None),
        ] {
            assert_eq!(Caller::of(&headers(&[("x-ip-policy", word)]), None).ip_at_most, expected, "{word}");
        }
    }

    #[test]
    fn nothing_personal_is_shown() {
        let caller = Caller {
            address: "203.0.113.9".parse().ok(),
            user_agent: "Browser".into(),
            host: "shop.example".into(),
            ..Caller::default()
        };
        let shown = format!("{caller:?}");
        assert!(!shown.contains("203") && !shown.contains("Browser") && !shown.contains("shop"), "{shown}");
    }
}
