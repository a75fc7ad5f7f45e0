//! What differs between the four sample companies: who carries which truth, how fast people move, what they spend.
//!
//! The map says which touchpoints there are and in which stages people meet them; a script only adds behaviour.
//! Stages are numbered as in the templates: awareness 0, knowledge 1, consideration 2, selection 3,
//! satisfaction 4, loyalty 5, advocacy 6.

/// The number of stages of every template.
pub(super) const STAGES: usize = 7;
/// The stage in which people compare and ask.
pub(super) const CONSIDERATION: usize = 2;
/// The stage entered by a first purchase.
pub(super) const SELECTION: usize = 3;
/// The stage entered when nothing went wrong for a while.
pub(super) const SATISFACTION: usize = 4;
/// The stage entered by a second purchase.
pub(super) const LOYALTY: usize = 5;
/// The last stage: people who recommend.
pub(super) const ADVOCACY: usize = 6;

/// Is the behaviour of one sample company.
pub(super) struct Script {
    /// The template it plays.
    pub(super) template: &'static str,
    /// Source and event of the target outcome.
    pub(super) sale: (&'static str, &'static str),
    /// Carries the over-use: a mailing that people get up to six times a week.
    pub(super) mailing: &'static str,
    /// Carries the under-use: works well, reaches few.
    pub(super) under_used: &'static str,
    /// Carries the waste: an advertisement that costs much and moves little.
    pub(super) wasted: &'static str,
    /// The running cost per month of the wasted advertisement, in minor units, for 20,000 people.
    pub(super) wasted_per_month: i64,
    /// Carries the darkness: live, and never heard of.
    pub(super) dark: &'static str,
    /// Carries the contradiction: two places name different contact data.
    pub(super) contact_data: &'static str,
    /// Is left out after every sixth purchase: the lived journey departs from the designed one.
    pub(super) skipped: &'static str,
    /// Answers after days instead of hours.
    pub(super) slow: &'static str,
    /// Is closed at once by whoever sees it for the third time; empty where the map has no such thing.
    pub(super) popup: &'static str,
    /// Asks people how satisfied they are, and helps nobody.
    pub(super) survey: &'static str,
    /// What follows a purchase by itself.
    pub(super) aftercare: &'static [Care],
    /// How much more often than usual people meet touchpoints: a map with fewer of them has busier ones.
    pub(super) bustle: f64,
    /// The chance per week to move on to the next stage by something other than a purchase.
    pub(super) moving: [f64; STAGES],
    /// The chance per week to buy, without any help of a touchpoint.
    pub(super) buying: [f64; STAGES],
    /// What an average purchase is worth, in minor units.
    pub(super) value: f64,
    /// Touchpoints that help more or less than usual: the chance per week that one contact adds.
    pub(super) effects: &'static [(&'static str, f64)],
    /// Touchpoints that are met more or less often than usual: the chance per week in the primary stage.
    pub(super) rates: &'static [(&'static str, f64)],
    /// The roles that people have, as the trait `role`; empty where roles say nothing.
    pub(super) roles: &'static [&'static str],
}

/// Is a touchpoint that people meet because they bought.
pub(super) struct Care {
    /// The touchpoint.
    pub(super) touchpoint: &'static str,
    /// How many days after the purchase.
    pub(super) days: f64,
    /// Whether it follows the first purchase alone.
    pub(super) first_only: bool,
}

impl Care {
    const fn always(touchpoint: &'static str, days: f64) -> Self {
        Self { touchpoint, days, first_only: false }
    }

    const fn once(touchpoint: &'static str, days: f64) -> Self {
        Self { touchpoint, days, first_only: true }
    }
}

/// The scripts of all templates.
pub(super) const SCRIPTS: [Script; 4] = [
    Script {
        template: "online-shop",
        sale: ("shop", "order"),
        mailing: "newsletter",
        under_used: "follow-up-e-mail",
        wasted: "banner-advertisement",
        wasted_per_month: 200_000,
        dark: "packaging-code",
        contact_data: "contact-data",
        skipped: "order-confirmation",
        slow: "contact-form",
        popup: "pop-up",
        survey: "survey",
        aftercare: &[
            Care::always("order-confirmation", 0.002),
            Care::once("welcome-e-mail", 0.9),
            Care::always("invoice", 1.0),
            Care::always("delivery", 3.0),
            Care::always("packaging-code", 3.1),
        ],
        bustle: 1.25,
        moving: [0.16, 0.16, 0.0, 0.0, 0.008, 0.05, 0.0],
        buying: [0.008, 0.014, 0.08, 0.014, 0.04, 0.06, 0.06],
        value: 8_000.0,
        effects: &[("help-chat", 0.12), ("search-advertisement", 0.12), ("product-page", 0.12), ("survey", 0.0)],
        rates: &[("banner-advertisement", 0.25), ("home-page", 0.2), ("product-page", 0.25), ("social-purchase", 0.3)],
        roles: &[],
    },
    Script {
        template: "shop",
        sale: ("till", "sale"),
        mailing: "lunch-mail",
        under_used: "stamp-card",
        wasted: "press-advertisement",
        wasted_per_month: 100_000,
        dark: "shop-window",
        contact_data: "contact-data",
        skipped: "packaging-code",
        slow: "social-comment",
        popup: "",
        survey: "receipt-survey",
        aftercare: &[Care::always("packaging-code", 0.01)],
        bustle: 2.2,
        moving: [0.16, 0.16, 0.0, 0.0, 0.008, 0.05, 0.0],
        buying: [0.03, 0.04, 0.08, 0.03, 0.05, 0.10, 0.10],
        value: 2_000.0,
        effects: &[("map-listing", 0.10), ("premises", 0.12), ("menu-leaflet", 0.10), ("receipt-survey", 0.0)],
        rates: &[("press-advertisement", 0.25), ("premises", 0.2)],
        roles: &[],
    },
    Script {
        template: "school",
        sale: ("office", "enrolled"),
        mailing: "school-circular",
        under_used: "feedback-session",
        wasted: "advertisement",
        wasted_per_month: 800_000,
        dark: "parent-app",
        contact_data: "contact-data",
        skipped: "welcome-letter",
        slow: "e-mail-to-school",
        popup: "",
        survey: "survey",
        aftercare: &[Care::once("welcome-letter", 0.9)],
        bustle: 2.2,
        moving: [0.16, 0.16, 0.0, 0.0, 0.006, 0.04, 0.0],
        buying: [0.010, 0.014, 0.07, 0.014, 0.03, 0.05, 0.05],
        value: 60_000.0,
        effects: &[("web-site", 0.10), ("open-day", 0.12), ("programme-page", 0.10), ("survey", 0.0)],
        rates: &[("advertisement", 0.25), ("web-site", 0.2), ("parent-app", 0.3)],
        roles: &["student", "parent", "parent"],
    },
    Script {
        template: "b2b",
        sale: ("crm", "contract_signed"),
        mailing: "newsletter",
        under_used: "quarterly-review",
        wasted: "advertisement",
        wasted_per_month: 3_000_000,
        dark: "client-community",
        contact_data: "contact-data",
        skipped: "onboarding-workshop",
        slow: "messenger",
        popup: "",
        survey: "survey",
        aftercare: &[Care::always("invoice", 1.0), Care::always("onboarding-workshop", 3.0)],
        bustle: 1.7,
        moving: [0.16, 0.16, 0.0, 0.0, 0.008, 0.05, 0.0],
        buying: [0.010, 0.014, 0.06, 0.014, 0.04, 0.06, 0.06],
        value: 200_000.0,
        effects: &[("consultation", 0.12), ("trade-fair", 0.10), ("content-item", 0.10), ("survey", 0.0)],
        rates: &[("advertisement", 0.25)],
        roles: &["user", "buyer", "decider"],
    },
];

/// How often people get the over-used mailing in a week in which they get it at all: once to six times.
pub(super) const MAILINGS_A_WEEK: [f64; 6] = [0.22, 0.22, 0.22, 0.14, 0.11, 0.09];
/// The chance to buy after the n-th mailing of a week, before the next one: the third is the last that pays.
pub(super) const MAILING_RESPONSE: [f64; 6] = [0.05, 0.045, 0.035, 0.0, 0.0, 0.0];
/// The chance to unsubscribe after the n-th mailing of a week.
pub(super) const MAILING_UNSUBSCRIBE: [f64; 6] = [0.0005, 0.0008, 0.0012, 0.004, 0.008, 0.012];
/// The chance of a complaint after the n-th mailing of a week; never more unless the mailing is over-used.
pub(super) const MAILING_COMPLAINT: [f64; 6] = [0.0001, 0.0001, 0.0002, 0.0005, 0.001, 0.0015];
