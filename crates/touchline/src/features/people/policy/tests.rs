//! What the door lets through, told as one would tell the rules: each is a test.

use super::super::{Action, Channel, Class, ContactWord, Policy, Quiet, Rule, Scope, Settings, Window};
use super::*;
use crate::features::people::{People, SharedPeople};
use crate::platform::clock::Clock;
use model::{Identity, IdentityFact, Link};
use state::State;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

const NOON: i64 = 1_764_072_000 * SECOND; // 2025-11-25T12:00:00Z
const HOUR: i64 = 3_600 * SECOND;

struct Stage {
    policy: Policy,
    now: Arc<AtomicI64>,
    people: SharedPeople,
    state: State,
    _dir: tempfile::TempDir,
}

fn mail(name: &str) -> Identity {
    Identity::new("email", &format!("{name}@example.org")).expect("a name")
}

impl Stage {
    async fn new() -> Self {
        let dir = tempfile::tempdir().expect("folder");
        let state = State::create(&dir.path().join("state.sqlite")).await.expect("opens");
        let people = SharedPeople::new(People::load(&state).await.expect("loads"));
        let now = Arc::new(AtomicI64::new(NOON));
        let hand = Arc::clone(&now);
        let clock: Clock = Arc::new(move || Instant(hand.load(Ordering::SeqCst)));
        let policy = Policy::new(state.clone(), people.clone(), clock);
        let stage = Self { policy, now, people, state, _dir: dir };
        stage.settle(|settings| settings.ask_first.clear()).await;
        stage
    }

    async fn settle(&self, change: impl FnOnce(&mut Settings)) {
        let mut settings = self.policy.settings().await.expect("reads");
        change(&mut settings);
        self.policy.decide(&settings).await.expect("decides");
    }

    async fn rule(&self, scope: Scope, most: u32, window: Window, action: Action) -> i64 {
        self.policy.add_rule(&Rule { scope, most, window, action }).await.expect("adds")
    }

    fn pass(&self, span: i64) {
        self.now.fetch_add(span, Ordering::SeqCst);
    }

    /// Makes two names one person.
    async fn join(&self, one: &Identity, other: &Identity) {
        let met = [(one.actor(), one.clone()), (other.actor(), other.clone())];
        let facts: Vec<_> = IdentityFact::new(one, other, Link::Manual, Instant(5)).into_iter().collect();
        let mut transaction = self.state.begin().await.expect("begins");
        // The lock is not held while waiting: there is one task in these tests.
        let mut people = People::load(&self.state).await.expect("loads");
        let fresh = people.meet(&mut transaction, &met).await.expect("meets");
        people.learn(&mut transaction, &facts, &fresh, Instant(9)).await.expect("learns");
        transaction.commit().await.expect("commits");
        self.people.replace(People::load(&self.state).await.expect("loads"));
    }

    async fn ask(&self, ask: &Ask) -> Answer {
        self.policy.ask(ask).await.expect("answers")
    }

    /// Sends as a worker does; tells whether it went.
    async fn send(&self, ask: &Ask) -> bool {
        let Answer::Go(ticket) = self.ask(ask).await else { return false };
        assert!(self.policy.begin(&ticket).await.expect("begins"));
        self.policy.sent(&ticket).await.expect("notes");
        true
    }

    #[track_caller]
    fn is_no(answer: &Answer, code: &str) {
        assert!(matches!(answer, Answer::No(why) if why.code == code), "{answer:?} is not `{code}`");
    }

    #[track_caller]
    fn is_later(answer: &Answer, code: &str) {
        assert!(matches!(answer, Answer::Later(why) if why.code == code), "{answer:?} is not `{code}`");
    }
}

fn ask(key: &str, who: &Identity) -> Ask {
    Ask {
        key: key.to_owned(),
        actor: who.actor(),
        channel: Channel::Email,
        class: Class::Marketing,
        tag: "newsletter".to_owned(),
        segments: Vec::new(),
        worth: 1.0,
        deadline: None,
        holdout: None,
    }
}

const DAILY: Window = Window::Rolling(86_400);

#[tokio::test]
async fn all_rules_hold_and_the_strictest_wins() {
    let stage = Stage::new().await;
    let ann = mail("ann");
    stage.rule(Scope::Any, 3, DAILY, Action::Defer).await;
    let strict = stage.rule(Scope::Channel(Channel::Email), 1, DAILY, Action::Drop).await;
    assert!(stage.send(&ask("a", &ann)).await);
    let Answer::No(why) = stage.ask(&ask("b", &ann)).await else { panic!("is stopped") };
    assert_eq!((why.code.as_str(), why.rule, why.competing.as_deref()), ("frequency_cap", Some(strict), Some("a")));
    assert!(stage.send(&Ask { channel: Channel::Post, ..ask("c", &ann) }).await, "another channel has room by the wider rule");
}

#[tokio::test]
async fn preview_shows_who_is_hit_and_changes_nothing() {
    let stage = Stage::new().await;
    let (ann, bob) = (mail("ann"), mail("bob"));
    stage.join(&ann, &Identity::new("user", "1").expect("a name")).await;
    stage.join(&bob, &Identity::new("user", "2").expect("a name")).await;
    stage.rule(Scope::Any, 1, DAILY, Action::Drop).await;
    assert!(stage.send(&ask("a", &ann)).await);
    for _ in 0..2 {
        let preview = stage.policy.preview(Channel::Email, Class::Marketing, "offer").await.expect("looks");
        assert_eq!((preview.people, preview.reached), (2, 1));
        assert_eq!(preview.never.get("frequency_cap"), Some(&1));
    }
    assert!(stage.send(&ask("b", &bob)).await, "a preview takes no place");
}

#[tokio::test]
async fn classes_bypass_and_an_answer_is_never_capped() {
    let stage = Stage::new().await;
    let ann = mail("ann");
    stage.rule(Scope::Any, 1, DAILY, Action::Drop).await;
    stage.settle(|settings| settings.quiet = Quiet { from: 0, to: 1_439 }).await;
    for number in 0..5 {
        assert!(stage.send(&Ask { class: Class::Service, ..ask(&format!("s{number}"), &ann) }).await);
        assert!(stage.send(&Ask { class: Class::Transactional, ..ask(&format!("t{number}"), &ann) }).await);
    }
    stage.settle(|settings| settings.quiet = Quiet { from: 0, to: 0 }).await;
    assert!(stage.send(&ask("a", &ann)).await, "what bypasses does not count");
    Stage::is_no(&stage.ask(&Ask { class: Class::Survey, ..ask("b", &ann) }).await, "frequency_cap");
}

/// Eight workers want to send forty messages to one person; the rule allows `most`. `dies` says what befalls whoever gets the
/// nth ticket.
async fn storm(most: u32, dies: fn(usize) -> Option<&'static str>) -> (usize, Stage) {
    let stage = Stage::new().await;
    let ann = mail("ann");
    stage.rule(Scope::Any, most, DAILY, Action::Drop).await;
    let sent = Arc::new(AtomicUsize::new(0));
    let turn = Arc::new(AtomicUsize::new(0));
    let tickets = Arc::new(AtomicUsize::new(0));
    let workers: Vec<_> = (0..8)
        .map(|_| {
            let (policy, ann) = (stage.policy.clone(), ann.clone());
            let (sent, turn, tickets) = (Arc::clone(&sent), Arc::clone(&turn), Arc::clone(&tickets));
            tokio::spawn(async move {
                loop {
                    let number = turn.fetch_add(1, Ordering::SeqCst);
                    if number >= 40 {
                        return;
                    }
                    let Answer::Go(ticket) = policy.ask(&ask(&format!("m{number}"), &ann)).await.expect("answers") else {
                        continue;
                    };
                    let fate = dies(tickets.fetch_add(1, Ordering::SeqCst));
                    if fate == Some("before") {
                        continue;
                    }
                    if policy.begin(&ticket).await.expect("begins") {
                        sent.fetch_add(1, Ordering::SeqCst);
                        if fate != Some("while") {
                            policy.sent(&ticket).await.expect("notes");
                        }
                    }
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await.expect("ends");
    }
    (sent.load(Ordering::SeqCst), stage)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_workers_and_one_person_give_exactly_the_cap() {
    for most in [1, 3, 7] {
        let (sent, stage) = storm(most, |_| None).await;
        assert_eq!(sent, most as usize);
        assert_eq!(stage.policy.count_since(mail("ann").actor(), Instant(0)).await.expect("counts"), most as usize);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn after_workers_have_died_the_cap_is_still_exact() {
    // Two die with their reservation, a third one while it sends.
    let (sent, stage) = storm(4, |nth| match nth {
        0 | 1 => Some("before"),
        2 => Some("while"),
        _ => None,
    })
    .await;
    assert_eq!(sent, 2, "two places of four are held by the dead");
    stage.pass(LEASE + SECOND);
    // Started anew, the workers go through the same list.
    let mut again = 0;
    for number in 0..40 {
        again += usize::from(stage.send(&ask(&format!("m{number}"), &mail("ann"))).await);
    }
    assert_eq!(sent + again, 4, "never more and, when there is enough to send, never fewer");
}

#[tokio::test]
async fn whoever_comes_back_after_the_lease_may_not_send() {
    let stage = Stage::new().await;
    let ann = mail("ann");
    stage.rule(Scope::Any, 1, DAILY, Action::Drop).await;
    let Answer::Go(slow) = stage.ask(&ask("a", &ann)).await else { panic!("has room") };
    stage.pass(LEASE + SECOND);
    let Answer::Go(quick) = stage.ask(&ask("b", &ann)).await else { panic!("the place is free again") };
    assert!(!stage.policy.begin(&slow).await.expect("answers"), "the place belongs to another");
    assert!(stage.policy.begin(&quick).await.expect("begins"));
    assert!(!stage.policy.begin(&quick).await.expect("answers"), "a message begins once");
}

#[tokio::test]
async fn the_same_key_is_never_sent_twice() {
    let stage = Stage::new().await;
    let ann = mail("ann");
    assert!(stage.send(&ask("a", &ann)).await);
    assert_eq!(stage.ask(&ask("a", &ann)).await, Answer::Already);
    let Answer::Go(ticket) = stage.ask(&ask("b", &ann)).await else { panic!("has room") };
    assert!(stage.policy.begin(&ticket).await.expect("begins"));
    stage.pass(10 * DAY);
    assert_eq!(stage.ask(&ask("b", &ann)).await, Answer::Already, "it may have been sent when its worker died");
}

#[tokio::test]
async fn two_addresses_of_one_person_share_the_budget_and_a_bounce_gives_it_back() {
    let stage = Stage::new().await;
    let (home, work) = (mail("ann"), mail("ann.work"));
    stage.rule(Scope::Any, 1, DAILY, Action::Drop).await;
    assert!(stage.send(&ask("a", &home)).await);
    assert!(stage.send(&ask("b", &work)).await, "nobody knows yet that they are one");
    stage.join(&home, &work).await;
    stage.pass(HOUR);
    Stage::is_no(&stage.ask(&ask("c", &work)).await, "frequency_cap");
    assert_eq!(stage.policy.count_since(home.actor(), Instant(0)).await.expect("counts"), 2, "both histories are added");
    stage.policy.came_back("a").await.expect("notes");
    Stage::is_no(&stage.ask(&ask("d", &work)).await, "frequency_cap");
    stage.policy.came_back("b").await.expect("notes");
    assert!(stage.send(&ask("e", &home)).await, "nobody saw either");
}

#[tokio::test]
async fn what_waits_goes_by_worth_one_by_one_or_is_told_as_skipped() {
    let stage = Stage::new().await;
    let ann = mail("ann");
    let rule = stage.rule(Scope::Any, 1, Window::Rolling(3_600), Action::Defer).await;
    assert!(stage.send(&ask("first", &ann)).await);
    for (key, worth, hours) in [("dull", 1.0, 9), ("dear", 9.0, 9), ("late", 5.0, 1)] {
        let deadline = Some(Instant(NOON + hours * HOUR + HOUR / 2));
        Stage::is_later(&stage.ask(&Ask { worth, deadline, ..ask(key, &ann) }).await, "frequency_cap");
    }
    assert!(stage.policy.due(10).await.expect("reads").is_empty(), "not before there is room");
    stage.pass(HOUR);
    let due = stage.policy.due(10).await.expect("reads");
    assert_eq!(due.iter().map(|ask| ask.key.as_str()).collect::<Vec<_>>(), ["dear"], "of each person one, the dearest first");
    assert!(stage.send(&due[0]).await);
    let due = stage.policy.due(10).await.expect("reads");
    assert_eq!(due[0].key, "late");
    Stage::is_no(&stage.ask(&due[0]).await, "frequency_cap");
    let due = stage.policy.due(10).await.expect("reads");
    Stage::is_later(&stage.ask(&due[0]).await, "frequency_cap");
    assert!(stage.policy.due(10).await.expect("reads").is_empty(), "what waits is not asked for again before there is room");
    stage.pass(HOUR);
    let due = stage.policy.due(10).await.expect("reads");
    assert_eq!(due[0].key, "dull");
    let skips = stage.policy.untold(10).await.expect("reads");
    let told: Vec<_> =
        skips.iter().map(|skip| (skip.key.as_str(), skip.why.code.as_str(), skip.why.competing.as_deref())).collect();
    assert_eq!(told, [("late", "frequency_cap", Some("dear"))], "it had no more time, and is told what took its place");
    stage.policy.told(&skips).await.expect("notes");
    assert!(stage.policy.untold(10).await.expect("reads").is_empty());
    assert!(stage.send(&due[0]).await);
    let deadline = Some(Instant(NOON + 4 * HOUR));
    Stage::is_later(&stage.ask(&Ask { deadline, ..ask("forgotten", &ann) }).await, "frequency_cap");
    stage.pass(DAY);
    assert!(stage.policy.due(10).await.expect("reads").is_empty());
    let skips = stage.policy.untold(10).await.expect("reads");
    let told: Vec<_> =
        skips.iter().map(|skip| (skip.key.as_str(), skip.why.code.as_str(), skip.why.competing.as_deref())).collect();
    assert_eq!(told, [("forgotten", "deadline", Some("dull"))]);
    let Answer::Go(_) = stage.ask(&ask("next", &ann)).await else { panic!("has room") };
    let Answer::No(why) = stage.ask(&ask("now or never", &ann)).await else { panic!("is full") };
    assert_eq!((why.rule, why.competing.as_deref()), (Some(rule), Some("next")));
}

#[tokio::test]
async fn what_waits_is_replaced_by_what_is_newer() {
    let stage = Stage::new().await;
    let ann = mail("ann");
    stage.rule(Scope::Any, 1, DAILY, Action::Replace).await;
    assert!(stage.send(&ask("a", &ann)).await);
    let deadline = Some(Instant(NOON + 9 * DAY));
    Stage::is_later(&stage.ask(&Ask { deadline, ..ask("old", &ann) }).await, "frequency_cap");
    Stage::is_later(&stage.ask(&Ask { deadline, ..ask("new", &ann) }).await, "frequency_cap");
    let skips = stage.policy.untold(10).await.expect("reads");
    assert_eq!(skips.iter().map(|skip| (skip.key.as_str(), skip.why.code.as_str())).collect::<Vec<_>>(), [("old", "replaced")]);
    stage.pass(DAY);
    assert_eq!(stage.policy.due(10).await.expect("reads")[0].key, "new");
}

#[tokio::test]
async fn quiet_hours_are_where_the_person_is() {
    let stage = Stage::new().await;
    let far = mail("far");
    let known = crate::features::people::Trait {
        actor: far.actor(),
        key: "timezone".to_owned(),
        value: "Asia/Vladivostok".to_owned(),
        at: Instant(1),
        weight: 0,
    };
    let mut transaction = stage.state.begin().await.expect("begins");
    crate::features::people::note_traits(&mut transaction, &[known]).await.expect("notes");
    transaction.commit().await.expect("commits");
    // Noon in Greenwich is ten in the evening there.
    let wanted = Ask { deadline: Some(Instant(NOON + DAY)), ..ask("a", &far) };
    let Answer::Later(why) = stage.ask(&wanted).await else { panic!("is night") };
    assert_eq!((why.code.as_str(), why.until), ("quiet_hours", Some(NOON + 10 * HOUR)));
    Stage::is_no(&stage.ask(&ask("b", &far)).await, "quiet_hours");
    assert!(stage.send(&ask("c", &mail("near"))).await);
    stage.pass(10 * HOUR);
    assert!(stage.send(&wanted).await);
}

#[tokio::test]
async fn the_held_out_are_the_same_and_on_the_same_schedule() {
    let stage = Stage::new().await;
    stage.settle(|settings| settings.holdout_permille = 300).await;
    stage.rule(Scope::Any, 1, DAILY, Action::Drop).await;
    let mut left_out = 0;
    for number in 0..200 {
        let who = mail(&format!("p{number}"));
        let first = stage.ask(&ask(&format!("a{number}"), &who)).await;
        let is_out = matches!(&first, Answer::No(why) if why.code == "hold_out");
        left_out += usize::from(is_out);
        if let Answer::Go(ticket) = first {
            assert!(stage.policy.begin(&ticket).await.expect("begins"));
        }
        // The second one of the day is capped for both groups alike, so that they can be compared.
        Stage::is_no(&stage.ask(&ask(&format!("b{number}"), &who)).await, "frequency_cap");
        let popup = Ask { channel: Channel::Popup, ..ask(&format!("a{number}"), &who) };
        assert_eq!(matches!(stage.ask(&popup).await, Answer::No(why) if why.code == "hold_out"), is_out, "sticks");
    }
    assert!((30..=90).contains(&left_out), "{left_out} of 200 at 30 %");
}

#[tokio::test]
async fn nothing_is_promoted_while_a_conversation_is_open() {
    let stage = Stage::new().await;
    let ann = mail("ann");
    let mut transaction = stage.state.begin().await.expect("begins");
    Policy::hold(&mut transaction, ann.actor(), "conversation 1", Instant(NOON)).await.expect("holds");
    transaction.commit().await.expect("commits");
    Stage::is_no(&stage.ask(&ask("a", &ann)).await, "open_conversation");
    Stage::is_later(&stage.ask(&Ask { deadline: Some(Instant(NOON + DAY)), ..ask("b", &ann) }).await, "open_conversation");
    assert!(stage.send(&Ask { class: Class::Survey, ..ask("c", &ann) }).await, "a question is no promotion");
    let mut transaction = stage.state.begin().await.expect("begins");
    Policy::let_go(&mut transaction, ann.actor(), "conversation 1").await.expect("lets go");
    transaction.commit().await.expect("commits");
    assert!(stage.send(&ask("b", &ann)).await);
}

#[tokio::test]
async fn consent_is_per_class_and_channel_and_the_last_word_counts() {
    let stage = Stage::new().await;
    stage.settle(|settings| settings.ask_first = vec![Class::Marketing]).await;
    let (ann, work) = (mail("ann"), mail("ann.work"));
    let word = |channel, given, every_days| ContactWord { class: Class::Marketing, channel, given, every_days };
    let say = async |who: &Identity, word: ContactWord, at: i64| {
        stage.policy.note(who.actor(), &[word], Instant(NOON + at), "a test").await.expect("notes");
    };
    Stage::is_no(&stage.ask(&ask("a", &ann)).await, "no_consent");
    say(&ann, word(Channel::Email, true, 0), 1).await;
    assert!(stage.send(&ask("a", &ann)).await);
    Stage::is_no(&stage.ask(&Ask { channel: Channel::Sms, ..ask("b", &ann) }).await, "no_consent");
    // Said under another name of the same person, later.
    stage.join(&ann, &work).await;
    say(&work, word(Channel::Email, false, 0), 2).await;
    Stage::is_no(&stage.ask(&ask("c", &ann)).await, "said_no");
    say(&ann, word(Channel::Email, true, 7), 3).await;
    let Answer::Later(why) = stage.ask(&Ask { deadline: Some(Instant(NOON + 9 * DAY)), ..ask("d", &ann) }).await else {
        panic!("waits")
    };
    assert_eq!((why.code.as_str(), why.until), ("wish", Some(NOON + 7 * DAY)), "at most once a week, as they chose");
}

#[tokio::test]
async fn an_address_that_bounced_gets_nothing_and_one_that_complained_only_answers() {
    let stage = Stage::new().await;
    let (ann, bob) = (mail("ann"), mail("bob"));
    stage.policy.suppress(ann.actor(), Channel::Email, "bounced").await.expect("notes");
    stage.policy.suppress(bob.actor(), Channel::Email, "complained").await.expect("notes");
    Stage::is_no(&stage.ask(&Ask { class: Class::Service, ..ask("a", &ann) }).await, "suppressed");
    Stage::is_no(&stage.ask(&ask("b", &bob)).await, "suppressed");
    assert!(stage.send(&Ask { class: Class::Service, ..ask("c", &bob) }).await);
    assert!(stage.policy.release(ann.actor(), Channel::Email).await.expect("takes back"));
    assert!(stage.send(&ask("d", &ann)).await);
}
