//! Somebody known for a day: a keyed hash of what a request shows, instead of an identity.
//!
//! The key is a salt drawn for the day and thrown away after the next one. From then on nobody, we included, can say
//! who hid behind the hash, or link two days of the same person. So what is counted are *day visitors*: one person on
//! five days is five of them, and reports never call them people.

use super::Caller;
use super::salts::DaySalts;
use model::{Identity, Instant};

/// The namespace of these hashes. They are nobody's name: the state store never keeps them.
const NAMESPACE: &str = "day-visitor";

/// Second-level names under which registries of countries sell domains, as in `example.co.uk`.
const SECOND_LEVELS: [&str; 8] = ["co", "com", "net", "org", "gov", "ac", "edu", "or"];

/// Returns the identity of a visitor for the day of `at`.
///
/// `None` without an address: then all who hide theirs would be one.
pub(super) fn visitor(salts: &DaySalts, source: &str, caller: &Caller, at: Instant) -> Option<Identity> {
    let address = caller.address?.to_string();
    let mut hasher = blake3::Hasher::new_keyed(salts.of(at));
    for part in [source, &address, &caller.user_agent, registrable(&caller.host)] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    let hash = hasher.finalize().to_hex();
    Identity::new(NAMESPACE, &hash[..32])
}

/// Returns the part of a host that somebody has registered, so that `www.` and `shop.` of one site are one place.
///
/// By shape, without the list of all registries: where it is wrong, sub-domains of one owner are different places,
/// or two sites below one public suffix are one. A source is usually one site, so that changes no count.
fn registrable(host: &str) -> &str {
    let mut dots = host.rmatch_indices('.').map(|(at, _)| at);
    let (Some(last), Some(second)) = (dots.next(), dots.next()) else { return host };
    if host.parse::<std::net::Ipv4Addr>().is_ok() {
        return host;
    }
    let is_country = host.len() - last == 3;
    if is_country && SECOND_LEVELS.contains(&&host[second + 1..last]) {
        return dots.next().map_or(host, |third| &host[third + 1..]);
    }
    &host[second + 1..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::time::DAY;

    fn caller() -> Caller {
        let address = "203.0.113.9".parse().ok();
        Caller { address, user_agent: "Browser/1".into(), host: "www.shop.example".into(), ..Caller::default() }
    }

    fn salts() -> DaySalts {
        DaySalts { day: 7, today: [1; 32], before: Some([2; 32]) }
    }

    fn of(change: impl Fn(&mut Caller)) -> Identity {
        let mut caller = caller();
        change(&mut caller);
        visitor(&salts(), "site", &caller, Instant(7 * DAY)).expect("has an address")
    }

    #[test]
    fn a_visitor_is_the_same_all_day_and_another_the_next() {
        let at = |at: i64| visitor(&salts(), "site", &caller(), Instant(at)).expect("has an address");
        let today = at(7 * DAY);
        assert_eq!(at(8 * DAY - 1), today);
        assert_ne!(at(7 * DAY - 1), today);
        // The salt of that day is gone: it counts with today's.
        assert_eq!(at(2 * DAY), today);
        assert_eq!(at(9 * DAY), today);
        assert_eq!((today.namespace.as_str(), today.value.len()), ("day-visitor", 32));
    }

    #[test]
    fn whatever_is_hashed_tells_visitors_apart() {
        let one = of(|_| ());
        assert_ne!(of(|caller| caller.address = "203.0.113.10".parse().ok()), one);
        assert_ne!(of(|caller| caller.user_agent = "Browser/2".into()), one);
        assert_ne!(of(|caller| caller.host = "other.example".into()), one);
        assert_eq!(of(|caller| caller.host = "blog.shop.example".into()), one);
        assert_ne!(visitor(&salts(), "other", &caller(), Instant(7 * DAY)), Some(one));
        assert_eq!(visitor(&salts(), "site", &Caller::default(), Instant(7 * DAY)), None);
    }

    #[test]
    fn what_somebody_registered() {
        let check = |host, expected| assert_eq!(registrable(host), expected, "{host}");
        check("", "");
        check("localhost", "localhost");
        check("shop.example", "shop.example");
        check("a.b.shop.example", "shop.example");
        check("shop.example.co.uk", "example.co.uk");
        check("co.uk", "co.uk");
        check("example.co.uk", "example.co.uk");
        check("www.example.fr", "example.fr");
        check("192.0.2.7", "192.0.2.7");
    }
}
