//! Surveys that ask by themselves, some days after something happened.

mod scratch;

use model::time::{DAY, SECOND};
use model::{Arrival, Direction, Form, Identity, Instant, Link, Signature};
use scratch::Scratch;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use touchline::features::Site;
use touchline::features::capture::Delivery;
use touchline::features::feedback::{NewSurvey, SurveyKind, SurveyMoment, SurveyTrigger};

const NOON: i64 = 1_764_072_000 * SECOND;

struct Stage {
    site: Site,
    now: Arc<AtomicI64>,
    _scratch: Scratch,
}

impl Stage {
    fn new() -> Self {
        let (scratch, now) = Scratch::at(NOON);
        Self { site: scratch.site(), now, _scratch: scratch }
    }

    fn pass(&self, time: i64) {
        self.now.fetch_add(time, Ordering::SeqCst);
    }

    /// Lets a user, whose address is known, do something now.
    async fn does(&self, user: &str, form: Form) {
        let at = Instant(self.now.load(Ordering::SeqCst));
        let name = |namespace, text: String| Identity::new(namespace, &text).expect("a name");
        let (known, address) = (name("user", user.to_owned()), name("email", format!("{user}@example.org")));
        let signature = Signature { source: "till".to_owned(), event: "x".to_owned(), ..Signature::default() };
        let mut arrival = Arrival::new(format!("{user}{}", at.0).into_bytes(), signature, at, form, Direction::Inbound);
        arrival.identities = vec![known.clone()];
        let claims = vec![(known, address, Link::Together, at)];
        let delivery =
            Delivery { source: "till".to_owned(), format: "test", arrivals: vec![arrival], claims, ..Delivery::default() };
        self.site.capture.take(delivery).await.expect("is taken");
        self.site.capture.settle().await.expect("settles");
    }

    async fn survey(&self, after: SurveyMoment, days: u16) -> i64 {
        let id = self.site.feedback.make(&NewSurvey::one("After", SurveyKind::Nps, "")).await.expect("makes");
        assert!(self.site.feedback.trigger(id, Some(SurveyTrigger { after, days })).await.expect("sets"));
        id
    }

    async fn asked(&self) -> usize {
        self.site.feedback.ask_due().await.expect("asks")
    }

    async fn invited(&self, survey: i64) -> u64 {
        let surveys = self.site.feedback.surveys().await.expect("reads");
        surveys.iter().find(|one| one.id == survey).expect("is there").results.invited
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn words_beside_answers_are_read_and_nothing_of_it_is_kept() {
    let stage = Stage::new();
    let survey =
        NewSurvey { name: "How was it".into(), kind: SurveyKind::Nps, question: String::new(), touchpoint: "parcel".into() };
    let id = stage.site.feedback.make(&survey).await.expect("makes");
    let said = ["Terrible delivery, very late", "Livraison rapide, merci", "Курьер хамил", "", "It came on Monday"];
    for (place, words) in said.iter().enumerate() {
        let who = Identity::new("email", &format!("p{place}@example.org")).expect("a name");
        assert!(stage.site.feedback.take(id, &who, 5, words).await.expect("takes"));
    }
    let shown = stage.site.feedback.texts().await.expect("reads");
    assert_eq!((shown.answers, shown.reviews, shown.messages, shown.is_cut), (4, 0, 0, false), "an empty field is no text");
    let parcel = shown.report.places.iter().find(|place| place.touchpoint.as_deref() == Some("parcel")).expect("is there");
    assert_eq!((parcel.texts, parcel.told.value, parcel.negative.value), (4, Some(0.75), Some(2.0 / 3.0)));
    let delivery = &parcel.themes[0];
    assert_eq!((delivery.theme.name(), delivery.complaints, delivery.praise), ("delivery", 2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_bought_is_asked_once_when_the_days_have_passed() {
    let stage = Stage::new();
    stage.does("early", Form::Purchase).await;
    stage.pass(4 * DAY);
    let id = stage.survey(SurveyMoment::Purchase, 3).await;
    stage.does("ann", Form::Purchase).await;
    stage.does("bob", Form::Visit).await;
    stage.pass(3 * DAY - 1);
    assert_eq!(stage.asked().await, 0, "not yet; and who bought long before is left in peace");
    stage.pass(3_600 * SECOND);
    assert_eq!((stage.asked().await, stage.invited(id).await), (1, 1));
    stage.pass(DAY);
    assert_eq!(stage.asked().await, 0, "nothing new");
    stage.does("ann", Form::Purchase).await;
    stage.pass(4 * DAY);
    stage.asked().await;
    assert_eq!(stage.invited(id).await, 1, "she was asked by this survey before");
    assert!(stage.site.feedback.trigger(id, None).await.expect("sets"));
    stage.does("carl", Form::Purchase).await;
    stage.pass(4 * DAY);
    assert_eq!(stage.asked().await, 0, "it asks nobody by itself any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_survey_asks_nobody_and_a_year_is_the_longest() {
    let stage = Stage::new();
    let id = stage.survey(SurveyMoment::Delivery, 0).await;
    stage.pass(SECOND);
    stage.does("ann", Form::Delivery).await;
    stage.pass(DAY);
    assert!(stage.site.feedback.close(id, true).await.expect("closes"));
    assert_eq!(stage.asked().await, 0);
    let far = SurveyTrigger { after: SurveyMoment::Purchase, days: 366 };
    assert!(!stage.site.feedback.trigger(id, None).await.expect("answers"), "there is no open one");
    assert!(stage.site.feedback.trigger(id, Some(far)).await.is_err());
    assert!(stage.site.feedback.close(id, false).await.expect("opens"));
    assert_eq!(stage.asked().await, 1, "what happened meanwhile");
}
