//! The policy of a source, applied to what one request brings. Pure: everything it needs is handed in.
//!
//! Four things decide about an interaction: the source's settings, what the browser asks for (GPC, DNT), what the
//! person has said (consent), and how long the source keeps things. The strictest wins.

use super::props::Props;
use super::salts::DaySalts;
use super::{Caller, bots, spoken, visitor};
use crate::features::capture::{Delivery, IpPolicy, SignalPolicy, Source, SourceKind, SourceSettings, Withdrawn};
use crate::features::people::Consents;
use model::time::DAY;
use model::{Arrival, Flags, Identity, Instant};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Is what is done with an interaction, from mild to strict.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Treatment {
    /// It is stored with the identities that it brings.
    Known,
    /// It is stored, and its person is known for a day.
    Visitor,
    /// It is not stored.
    Dropped,
}

/// Is everything the policy looks at beside the delivery.
pub(super) struct Circumstances<'a> {
    pub(super) source: &'a Source,
    pub(super) caller: &'a Caller,
    pub(super) salts: &'a DaySalts,
    pub(super) now: Instant,
    /// Tells what the person behind an identity has said.
    pub(super) consents: &'a dyn Fn(&Identity) -> Consents,
}

/// Says what the settings and the browser ask for, whoever it is.
pub(super) fn asked(settings: &SourceSettings, caller: &Caller) -> Treatment {
    let signal = |is_set: bool, policy: SignalPolicy| match policy {
        SignalPolicy::Cookieless if is_set => Treatment::Visitor,
        SignalPolicy::Drop if is_set => Treatment::Dropped,
        _ => Treatment::Known,
    };
    let general = if settings.cookieless { Treatment::Visitor } else { Treatment::Known };
    general.max(signal(caller.gpc, settings.gpc)).max(signal(caller.dnt, settings.dnt))
}

/// Says what a person's own word asks for.
fn said(settings: &SourceSettings, consents: Consents) -> Treatment {
    match (consents.measure, settings.withdrawn) {
        (Some(false), Withdrawn::Drop) => Treatment::Dropped,
        (Some(false), Withdrawn::Cookieless) => Treatment::Visitor,
        _ => Treatment::Known,
    }
}

/// Applies the policy to a delivery. What is refused stays as it is, for it is mended by people who see it, unless
/// nothing of this caller may be stored.
pub(super) fn apply(mut delivery: Delivery, around: &Circumstances<'_>) -> Delivery {
    let settings = &around.source.settings;
    let asked = asked(settings, around.caller);
    let is_site = around.source.kind == SourceKind::Site;
    // A client may ask us to keep less than the source would, not more.
    let ip = around.caller.ip_at_most.map_or(settings.ip, |at_most| at_most.min(settings.ip));
    let bot = is_site.then(|| bots::reason(around.caller)).flatten();
    let address = is_site.then_some(around.caller.address).flatten().and_then(|address| kept(address, ip));
    let mut customers = std::mem::take(&mut delivery.customers);
    for customer in customers.values_mut().filter(|customer| customer.is_direct) {
        customer.address = customer.address.or(around.caller.address);
    }
    let oldest = settings.retention_days.map(|days| around.now.0.saturating_sub(i64::from(days).saturating_mul(DAY)));
    let arrivals = std::mem::take(&mut delivery.arrivals).into_iter();
    let treated = arrivals.enumerate().filter_map(|(place, arrival)| {
        // On a site the caller is the customer; a server may tell who that was.
        let told = customers.get(&place);
        let customer = told.or(is_site.then_some(around.caller));
        let address = told.map_or(address, |told| told.address.and_then(|address| kept(address, ip)));
        let bot = told.map_or(bot, |told| if told.user_agent.is_empty() { None } else { bots::reason(told) });
        let consents = spoken(&arrival.identities, around.consents);
        // Whom nothing names is known for a day on a site; else a visit of ten pages would be ten visitors.
        let unnamed = if is_site && arrival.identities.is_empty() { Treatment::Visitor } else { Treatment::Known };
        // A word on consent is its own proof, and needs the name of whoever said it.
        let is_word = arrival.signature.event == spoken::EVENT && !arrival.identities.is_empty();
        let treatment = if is_word { Treatment::Known } else { asked.max(said(settings, consents)).max(unnamed) };
        let is_stale = !is_word && oldest.is_some_and(|oldest| arrival.at.0 < oldest);
        if treatment == Treatment::Dropped || is_stale {
            return None;
        }
        let mut arrival = if treatment == Treatment::Visitor { anonymous(arrival, customer, around) } else { arrival };
        let mut props = Props::new(arrival.props.take());
        let address = address.filter(|_| treatment == Treatment::Known);
        let sent = if treatment == Treatment::Known { ip } else { IpPolicy::None };
        props.each_address(|address| kept(address, sent));
        if treatment == Treatment::Visitor {
            props.forget_names();
        }
        if let Some(address) = address {
            props.put("ip", address.to_string());
        }
        if let Some(reason) = bot {
            arrival.flags = arrival.flags.with(Flags::BOT);
            props.put("bot", reason);
        }
        if treatment == Treatment::Known && consents != Consents::default() {
            arrival.flags = if consents.measure == Some(true) { arrival.flags.with(Flags::CONSENT) } else { arrival.flags };
            props.put("consent", consents.to_json());
        }
        arrival.props = props.finish();
        Some(arrival)
    });
    delivery.arrivals = treated.collect();
    if asked == Treatment::Dropped {
        delivery.refused.clear();
    }
    let is_known = |identity: &Identity| asked.max(said(settings, (around.consents)(identity))) == Treatment::Known;
    delivery.claims.retain(|(one, other, ..)| is_known(one) && is_known(other));
    delivery.traits.retain(|(identity, ..)| is_known(identity));
    delivery
}

/// Joins what was said under several names: a no under any of them is a no.
fn spoken(identities: &[Identity], consents: &dyn Fn(&Identity) -> Consents) -> Consents {
    identities.iter().map(consents).fold(Consents::default(), Consents::strictest)
}

/// Takes the identities away, and puts the visitor of the day in their place.
///
/// Where a server tells nothing of the visitor, its interactions stand alone.
fn anonymous(mut arrival: Arrival, customer: Option<&Caller>, around: &Circumstances<'_>) -> Arrival {
    let visitor = customer.and_then(|customer| visitor::visitor(around.salts, &around.source.name, customer, arrival.at));
    let flags = if visitor.is_some() { Flags::EPHEMERAL.with(Flags::VISITOR) } else { Flags::EPHEMERAL };
    arrival.flags = arrival.flags.with(flags);
    arrival.identities = visitor.into_iter().collect();
    // It joins interactions over days, as an identity does.
    arrival.conversation = None;
    arrival
}

/// Returns as much of an address as is kept.
pub(super) fn kept(address: IpAddr, policy: IpPolicy) -> Option<IpAddr> {
    match (policy, address.to_canonical()) {
        (IpPolicy::None, _) => None,
        (IpPolicy::Full, address) => Some(address),
        (IpPolicy::Truncated, IpAddr::V4(v4)) => Some(Ipv4Addr::from_bits(v4.to_bits() & !0xff).into()),
        (IpPolicy::Truncated, IpAddr::V6(v6)) => Some(Ipv6Addr::from_bits(v6.to_bits() & !(u128::MAX >> 48)).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Direction, Form, Link, Signature};

    const NOW: Instant = Instant(100 * DAY);

    fn identity(namespace: &str) -> Identity {
        Identity::new(namespace, "ada@example.org").expect("is not blank")
    }

    fn arrival(identities: &[&str]) -> Arrival {
        let signature = Signature { source: "site".into(), event: "page".into(), ..Signature::default() };
        Arrival {
            identities: identities.iter().map(|namespace| identity(namespace)).collect(),
            props: Some(r#"{"plan":"gold"}"#.into()),
            conversation: Some("c1".into()),
            text: Some("hello".into()),
            ..Arrival::new(b"1".to_vec(), signature, NOW, Form::View, Direction::Inbound)
        }
    }

    fn delivery() -> Delivery {
        Delivery {
            arrivals: vec![arrival(&["user", "device"])],
            claims: vec![(identity("user"), identity("device"), Link::Together, NOW)],
            traits: vec![(identity("user"), "plan".into(), "gold".into(), NOW)],
            ..Delivery::default()
        }
    }

    fn person() -> Caller {
        let address = "203.0.113.77".parse().ok();
        Caller { address, user_agent: "Mozilla/5.0 (X11) Firefox/140.0".into(), host: "shop.example".into(), ..Caller::default() }
    }

    fn run(settings: SourceSettings, kind: SourceKind, caller: &Caller, consents: Consents) -> Delivery {
        let source = Source { name: "site".into(), kind, write_key: "k".into(), settings };
        let salts = DaySalts { day: 100, today: [1; 32], before: None };
        let consents = move |identity: &Identity| if identity.namespace == "user" { consents } else { Consents::default() };
        let around = Circumstances { source: &source, caller, salts: &salts, now: NOW, consents: &consents };
        apply(delivery(), &around)
    }

    const POLICIES: [SignalPolicy; 3] = [SignalPolicy::Ignore, SignalPolicy::Cookieless, SignalPolicy::Drop];

    /// Every combination of settings, signals and consent, against the rule in words: the strictest wins.
    #[test]
    fn the_strictest_wins_in_every_combination() {
        let mut seen = [0; 3];
        for (cookieless, gpc, dnt) in
            [false, true].into_iter().flat_map(|a| POLICIES.map(|b| (a, b))).flat_map(|(a, b)| POLICIES.map(|c| (a, b, c)))
        {
            for bits in 0..4_u8 {
                for (measure, withdrawn) in
                    [None, Some(true), Some(false)].into_iter().flat_map(|m| [(m, Withdrawn::Cookieless), (m, Withdrawn::Drop)])
                {
                    let settings = SourceSettings { cookieless, gpc, dnt, withdrawn, ..SourceSettings::default() };
                    let caller = Caller { gpc: bits & 1 == 1, dnt: bits & 2 == 2, ..person() };
                    let consents = Consents { measure, ..Consents::default() };
                    let refuses = measure == Some(false);
                    let drops = caller.gpc && gpc == SignalPolicy::Drop
                        || caller.dnt && dnt == SignalPolicy::Drop
                        || refuses && withdrawn == Withdrawn::Drop;
                    let hides = cookieless
                        || caller.gpc && gpc == SignalPolicy::Cookieless
                        || caller.dnt && dnt == SignalPolicy::Cookieless
                        || refuses;
                    let expected = if drops { 2 } else { usize::from(hides) };
                    seen[expected] += 1;
                    let delivery = run(settings, SourceKind::Site, &caller, consents);
                    check(&delivery, expected, measure);
                }
            }
        }
        assert!(seen.iter().all(|seen| *seen > 20), "{seen:?}");
    }

    #[track_caller]
    fn check(delivery: &Delivery, expected: usize, measure: Option<bool>) {
        let kept = [1, 1, 0][expected];
        let known = usize::from(expected == 0);
        assert_eq!((delivery.arrivals.len(), delivery.claims.len(), delivery.traits.len()), (kept, known, known));
        let Some(arrival) = delivery.arrivals.first() else { return };
        let flags = arrival.flags;
        assert_eq!(flags.has(Flags::EPHEMERAL.with(Flags::VISITOR)), expected == 1);
        assert_eq!(flags.has(Flags::CONSENT), expected == 0 && measure == Some(true));
        let namespaces: Vec<_> = arrival.identities.iter().map(|identity| identity.namespace.as_str()).collect();
        assert_eq!(namespaces, if expected == 0 { vec!["user", "device"] } else { vec!["day-visitor"] });
        assert_eq!(arrival.conversation.is_some(), expected == 0);
        assert!(!arrival.props.as_deref().unwrap_or_default().contains("203.0.113"), "an address is kept");
    }

    #[test]
    fn a_word_on_consent_is_kept_with_its_name_and_without_an_address() {
        let settings =
            SourceSettings { cookieless: true, gpc: SignalPolicy::Drop, ip: IpPolicy::None, ..SourceSettings::default() };
        let source = Source { name: "site".into(), kind: SourceKind::Site, write_key: "k".into(), settings };
        let salts = DaySalts { day: 100, today: [1; 32], before: None };
        let caller = Caller { gpc: true, ..person() };
        let around =
            Circumstances { source: &source, caller: &caller, salts: &salts, now: NOW, consents: &|_| Consents::default() };
        let mut delivery = delivery();
        delivery.arrivals[0].signature.event = "consent".into();
        let kept = apply(delivery, &around);
        assert_eq!((kept.arrivals[0].identities.len(), kept.claims.len(), kept.traits.len()), (2, 0, 0));
        assert!(!kept.arrivals[0].props.as_deref().unwrap_or_default().contains("203.0.113"));
    }

    #[test]
    fn addresses_are_kept_as_set() {
        let props = |ip, address: &str, kind, cookieless| {
            let caller = Caller { address: address.parse().ok(), ..person() };
            let settings = SourceSettings { ip, cookieless, ..SourceSettings::default() };
            run(settings, kind, &caller, Consents::default()).arrivals[0].props.clone().unwrap_or_default()
        };
        let site = |ip, address| props(ip, address, SourceKind::Site, false);
        assert_eq!(site(IpPolicy::None, "203.0.113.77"), r#"{"plan":"gold"}"#);
        assert_eq!(site(IpPolicy::Truncated, "203.0.113.77"), r#"{"plan":"gold","ip":"203.0.113.0"}"#);
        assert_eq!(site(IpPolicy::Truncated, "::ffff:203.0.113.77"), r#"{"plan":"gold","ip":"203.0.113.0"}"#);
        assert_eq!(site(IpPolicy::Truncated, "2001:db8:1:2:3::7"), r#"{"plan":"gold","ip":"2001:db8:1::"}"#);
        assert_eq!(site(IpPolicy::Full, "203.0.113.77"), r#"{"plan":"gold","ip":"203.0.113.77"}"#);
        // A day visitor has no address, and a server's own address is nobody's.
        assert_eq!(props(IpPolicy::Full, "203.0.113.77", SourceKind::Site, true), r#"{"plan":"gold"}"#);
        assert_eq!(props(IpPolicy::Full, "203.0.113.77", SourceKind::Server, false), r#"{"plan":"gold"}"#);
    }

    #[test]
    fn machines_are_marked_on_sites_alone() {
        let caller = Caller { user_agent: "curl/8".into(), ..person() };
        let flags = |kind| run(SourceSettings::default(), kind, &caller, Consents::default()).arrivals.remove(0);
        let site = flags(SourceKind::Site);
        assert!(site.flags.has(Flags::BOT) && site.props.is_some_and(|props| props.ends_with(r#""bot":"tool"}"#)));
        assert!(!flags(SourceKind::Server).flags.has(Flags::BOT));
    }

    #[test]
    fn a_server_has_no_visitors() {
        let settings = SourceSettings { cookieless: true, ..SourceSettings::default() };
        let arrival = run(settings, SourceKind::Server, &person(), Consents::default()).arrivals.remove(0);
        assert!(arrival.identities.is_empty());
        assert!(arrival.flags.has(Flags::EPHEMERAL) && !arrival.flags.has(Flags::VISITOR));
    }

    #[test]
    fn whom_a_site_does_not_name_is_known_for_a_day() {
        let source = |kind| Source { name: "site".into(), kind, write_key: "k".into(), settings: SourceSettings::default() };
        let salts = DaySalts { day: 100, today: [1; 32], before: None };
        for (kind, expected) in [(SourceKind::Site, vec!["day-visitor"]), (SourceKind::Server, vec![])] {
            let source = source(kind);
            let around =
                Circumstances { source: &source, caller: &person(), salts: &salts, now: NOW, consents: &|_| Consents::default() };
            let delivery = Delivery { arrivals: vec![arrival(&[])], ..Delivery::default() };
            let taken = apply(delivery, &around).arrivals.remove(0);
            assert_eq!(taken.identities.iter().map(|name| name.namespace.as_str()).collect::<Vec<_>>(), expected);
            assert_eq!(taken.flags.has(Flags::VISITOR), kind == SourceKind::Site);
        }
    }

    #[test]
    fn what_the_person_said_goes_along() {
        let consents = Consents { measure: Some(true), contact: Some(false), ..Consents::default() };
        let arrival = run(SourceSettings::default(), SourceKind::Site, &person(), consents).arrivals.remove(0);
        assert!(arrival.flags.has(Flags::CONSENT));
        assert_eq!(arrival.props.as_deref(), Some(r#"{"plan":"gold","consent":{"contact":false,"measure":true}}"#));
    }

    #[test]
    fn what_is_older_than_the_source_keeps_is_not_taken() {
        let settings = |days| SourceSettings { retention_days: Some(days), ..SourceSettings::default() };
        let source =
            |days| Source { name: "site".into(), kind: SourceKind::Site, write_key: "k".into(), settings: settings(days) };
        let salts = DaySalts { day: 100, today: [1; 32], before: None };
        let taken = |days, at| {
            let source = source(days);
            let now = Instant(100 * DAY);
            let around =
                Circumstances { source: &source, caller: &person(), salts: &salts, now, consents: &|_| Consents::default() };
            let mut delivery = delivery();
            delivery.arrivals[0].at = Instant(at);
            apply(delivery, &around).arrivals.len()
        };
        assert_eq!((taken(30, 70 * DAY), taken(30, 70 * DAY - 1), taken(u32::MAX, 0)), (1, 0, 1));
    }

    /// What a server tells of its customer is treated like what a browser shows: kept as far as the source says, judged,
    /// and enough to know a visitor for a day.
    #[test]
    fn what_a_server_tells_of_a_customer_follows_the_policy() {
        let of = |told: Caller, settings: SourceSettings, at_most: Option<IpPolicy>| {
            let delivery = Delivery { customers: [(0, told)].into(), ..delivery() };
            let source = Source { name: "api".into(), kind: SourceKind::Server, write_key: "k".into(), settings };
            let address = "198.51.100.9".parse().ok();
            let caller = Caller { address, ip_at_most: at_most, user_agent: "node".into(), ..Caller::default() };
            let salts = DaySalts { day: 100, today: [1; 32], before: None };
            let around =
                Circumstances { source: &source, caller: &caller, salts: &salts, now: NOW, consents: &|_| Consents::default() };
            let treated = apply(delivery, &around);
            assert!(treated.customers.is_empty(), "nothing of it goes further");
            let props: serde_json::Value =
                serde_json::from_str(treated.arrivals[0].props.as_deref().unwrap_or("{}")).expect("is JSON");
            (props["ip"].as_str().map(str::to_owned), treated.arrivals[0].flags, treated.arrivals[0].identities.clone())
        };
        let sent =
            |settings, at_most, agent: &str| of(Caller::told("203.0.113.77", agent, "https://shop.example/x"), settings, at_most);
        let keeping = |ip| SourceSettings { ip, ..SourceSettings::default() };
        let browser = "Mozilla/5.0 (X11) Firefox/140.0";
        let direct = |address: &str| {
            let told = Caller { is_direct: true, ..Caller::told(address, browser, "") };
            of(told, keeping(IpPolicy::Truncated), None).0
        };
        assert_eq!(direct("").as_deref(), Some("198.51.100.0"), "the request's own address");
        assert_eq!(direct("203.0.113.77").as_deref(), Some("203.0.113.0"), "one that is named goes first");
        let ip = |policy, at_most| sent(keeping(policy), at_most, browser).0;
        assert_eq!(ip(IpPolicy::None, None), None);
        assert_eq!(ip(IpPolicy::Truncated, None).as_deref(), Some("203.0.113.0"));
        assert_eq!(ip(IpPolicy::Full, None).as_deref(), Some("203.0.113.77"));
        assert_eq!(ip(IpPolicy::Full, Some(IpPolicy::Truncated)).as_deref(), Some("203.0.113.0"));
        assert_eq!(ip(IpPolicy::None, Some(IpPolicy::Full)), None, "nobody can ask us to keep more");
        assert!(sent(keeping(IpPolicy::None), None, "curl/8").1.has(Flags::BOT));
        assert!(!sent(keeping(IpPolicy::None), None, browser).1.has(Flags::BOT), "our own server is no machine");
        assert!(!sent(keeping(IpPolicy::None), None, "").1.has(Flags::BOT), "nothing was said of a browser");
        let cookieless = SourceSettings { cookieless: true, ..SourceSettings::default() };
        let (address, flags, identities) = sent(cookieless, None, browser);
        assert!(address.is_none() && flags.has(Flags::VISITOR), "{flags:?}");
        assert_eq!(identities.iter().map(|name| name.namespace.as_str()).collect::<Vec<_>>(), ["day-visitor"]);
    }
}
