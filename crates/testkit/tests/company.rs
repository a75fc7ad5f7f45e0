//! What every sample company promises whatever its truths: repeatable, independent people, sound data, a sound map.

use model::catalogue::TEMPLATES;
use model::time::{DAY, WEEK};
use model::{Arrival, Instant};
use std::collections::HashSet;
use testkit::company::{END, WEEKS};
use testkit::{Company, Truths};

/// Runs a check on every template, with and without truths.
fn check(of: impl Fn(&str, &Company)) {
    for name in TEMPLATES {
        for truths in [Truths::planted(), Truths::none()] {
            of(name, &Company::new(name).people(1_000).truths(truths));
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_company() {
    check(|name, company| {
        let again = Company::new(name).people(1_000).truths(if company.planted().is_empty() {
            Truths::none()
        } else {
            Truths::planted()
        });
        assert!(company.arrivals().eq(again.arrivals()), "{name}");
    });
}

#[test]
fn another_seed_gives_another_company() {
    check(|name, company| {
        assert!(!company.arrivals().take(100).eq(Company::new(name).seed(2).arrivals().take(100)), "{name}");
    });
}

#[test]
fn a_person_depends_on_the_number_alone() {
    check(|name, company| {
        let all: Vec<Arrival> = company.arrivals().collect();
        let alone: Vec<Arrival> = (0..1_000).rev().flat_map(|k| company.person(k).into_iter().rev()).collect();
        assert!(all.iter().eq(alone.iter().rev()), "{name}");
        let larger = Company::new(name).people(50_000);
        assert_eq!(larger.person(7), Company::new(name).people(8).person(7), "{name}");
    });
}

#[test]
fn about_twenty_interactions_a_person() {
    check(|name, company| {
        let arrivals: Vec<Arrival> = company.arrivals().collect();
        assert!((15_000..24_000).contains(&arrivals.len()), "{name}: {}", arrivals.len());
        let anonymous = arrivals.iter().filter(|arrival| arrival.identities.is_empty()).count();
        assert!((arrivals.len() / 30..arrivals.len() / 8).contains(&anonymous), "{name}: {anonymous}");
    });
}

#[test]
fn everything_happens_in_its_half_year_and_in_order() {
    check(|name, company| {
        for k in 0..1_000 {
            let times: Vec<i64> = company.person(k).iter().map(|arrival| arrival.at.0).collect();
            assert!(times.is_sorted(), "{name}: {k}");
            assert!(times.iter().all(|at| (END.0 - WEEKS * WEEK..END.0).contains(at)), "{name}: {k}");
        }
    });
}

#[test]
fn the_end_can_be_moved() {
    let end = Instant(END.0 - 100 * DAY);
    let company = Company::new("b2b").people(300).end(end);
    let last = company.arrivals().map(|arrival| arrival.at).max().expect("somebody came");
    assert!(last < end && last.0 > end.0 - 3 * DAY);
}

#[test]
fn message_ids_are_never_used_twice() {
    check(|name, company| {
        let mut seen = HashSet::new();
        for arrival in company.arrivals() {
            assert!(seen.insert(arrival.id()), "{name}: {:?}", arrival.signature);
        }
    });
}

#[test]
fn one_message_links_all_names_of_a_person() {
    check(|name, company| {
        for k in 0..1_000 {
            let arrivals = company.person(k);
            let names: HashSet<_> = arrivals.iter().flat_map(|arrival| &arrival.identities).collect();
            let linked = arrivals.iter().any(|arrival| arrival.identities.len() == names.len());
            assert!(names.is_empty() || linked, "{name}: {k}");
        }
    });
}

#[test]
fn people_share_no_names() {
    check(|name, company| {
        let of = |k| company.person(k).into_iter().flat_map(|arrival| arrival.identities).collect::<HashSet<_>>();
        assert!(of(1).is_disjoint(&of(11)), "{name}");
    });
}

#[test]
fn lives_go_on_where_watching_ended() {
    for name in TEMPLATES {
        let company = Company::new(name).people(200);
        let (first, second) = (company.week_after(0), company.week_after(1));
        assert!(first.len() > 50 && second.len() > 20, "{name}: {} and {}", first.len(), second.len());
        assert!(
            first.iter().all(|arrival| arrival.at >= END)
                && first.last().map(|last| last.at) <= second.first().map(|next| next.at)
        );
        let lived: HashSet<Vec<u8>> = company.arrivals().map(|arrival| arrival.message_id).collect();
        assert!(first.iter().chain(&second).all(|arrival| !lived.contains(&arrival.message_id)), "{name}");
        assert_eq!(company.week_after(0), first, "the same again");
    }
}

#[test]
fn the_map_is_sound_and_binds_every_signal() {
    check(|name, company| {
        let map = company.map();
        assert_eq!(map.problems(), [], "{name}");
        for arrival in company.arrivals() {
            assert!(map.bind(&arrival.signature).is_some(), "{name}: {}", arrival.signature);
            assert_eq!(arrival.currency.is_some(), arrival.value.or(arrival.cost).is_some(), "{name}");
        }
    });
}

#[test]
fn four_touchpoints_carry_the_truths() {
    for name in TEMPLATES {
        let company = Company::new(name);
        let map = company.map();
        let planted = company.planted();
        let ids: HashSet<&str> = planted.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(ids.len(), 4, "{name}");
        for (id, kind) in &planted {
            let touchpoint = &map.touchpoints[map.touchpoint(id).expect("of the template")];
            assert!(touchpoint.emits && touchpoint.purpose.is_none(), "{name}: {id}");
            assert!(kind.asks_for_change(), "{name}: {id}");
        }
        for other in [company.slow(), company.skipped()] {
            assert!(map.touchpoint(other.expect("planted")).is_some(), "{name}: {other:?}");
        }
    }
}

#[test]
fn contact_data_contradict_each_other_only_while_planted() {
    check(|name, company| {
        let map = company.map();
        let stated: Vec<_> = map.touchpoints.iter().filter(|touchpoint| !touchpoint.custom.is_empty()).collect();
        assert_eq!(stated.len(), 1, "{name}");
        let different: HashSet<&String> = stated[0].custom.values().collect();
        assert_eq!(different.len() == 2, !company.planted().is_empty(), "{name}");
    });
}

#[test]
fn costs_grow_with_the_number_of_people() {
    let cost = |people| {
        let map = Company::new("school").people(people).map();
        map.touchpoints.iter().map(|touchpoint| touchpoint.cost.running_per_month).sum::<i64>()
    };
    let (small, large) = (cost(20_000), cost(40_000));
    assert!((small * 2 - large).abs() < 20, "{small} {large}");
}

#[test]
fn roles_belong_to_the_templates_whose_segments_ask_for_them() {
    let role = |name, k| Company::new(name).traits(k);
    assert_eq!(role("online-shop", 1), []);
    let roles: HashSet<String> = (0..50).flat_map(|k| role("school", k)).map(|(_, value)| value).collect();
    assert_eq!(roles, ["student", "parent"].map(str::to_owned).into());
}
