//! `touchline demo`: an invented company to look at, in a directory that goes away.

use super::lively::speak;
use super::serve::{Place, open_house};
use super::trickle::{PEOPLE_MAX, Trickle};
use super::{Format, init, print_json};
use crate::failure::{Failure, Result};
use crate::features::capture::{Intake, Known, SourceKind, SourceSettings, Sources, Taken};
use crate::features::map::Maps;
use crate::platform::clock::system;
use crate::platform::home::Home;
use indicatif::{ProgressBar, ProgressStyle};
use model::time::WEEK;
use model::{Arrival, Flags, Instant};
use std::path::PathBuf;
use testkit::Company;
use testkit::company::END;

/// Of so many people the inbox hears.
const SPEAKERS: u32 = 400;
/// How many interactions are taken in at once.
const BATCH: usize = 50_000;

/// Show an invented company: its map, filled with interactions that have known truths inside.
///
/// Everything is made in a temporary directory, which is removed at the end, unless --data names one to keep. While it is
/// served its people go on living: what they do arrives through the same door as everything else.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  touchline demo\n  touchline demo --template school --people 2000")]
pub(super) struct Args {
    /// What the company resembles: online-shop, shop, school or b2b.
    #[arg(long, default_value = "online-shop")]
    template: String,
    /// How many people it knows.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..=5_000_000))]
    people: u32,
    /// The same seed makes the same company.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A new directory to keep the company in.
    #[arg(long = "data", value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Make the company, say what was made, and do not serve it.
    #[arg(long)]
    no_serve: bool,
    /// How many interactions a second arrive while it is served; 0: none.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(0..=1_000))]
    per_second: u32,
    #[command(flatten)]
    place: Place,
}

pub(super) fn run(args: &Args) -> Result<()> {
    init::template_named(&args.template)?;
    let temporary = tempfile::tempdir().map_err(|error| Failure::new("Cannot make a temporary directory").because(&error))?;
    let dir = args.dir.clone().unwrap_or_else(|| temporary.path().join("demo"));
    let home = Home::create(&dir, system())?;
    let now = (home.clock())();
    let company = Company::new(&args.template).seed(args.seed).people(args.people).end(last_end(now));
    home.block_on(Maps::new(home.state().clone()).save(&company.map(), "demo", now))?;
    home.block_on(Sources::begin(home.state().clone(), now))?;
    let taken = fill(&home, &company, args.people)?;
    match args.place.format() {
        Format::Json if args.no_serve => {
            print_json(&serde_json::json!({ "data": home.dir(), "people": args.people, "interactions": taken.added }))?;
        }
        _ => eprintln!("Invented a company of {} people and {} interactions.", args.people, taken.added),
    }
    if args.no_serve {
        return Ok(());
    }
    let source = home.block_on(async {
        let sources = Sources::load(home.state().clone()).await?;
        sources.add("demo", SourceKind::Server, SourceSettings::default(), now).await
    })?;
    // Whoever has a name of the strongest kind: the same people whose lives the map shows.
    let named = |person| company.person(person).into_iter().find_map(|arrival| arrival.identities.into_iter().next());
    let speakers: Vec<_> = (0..args.people.min(SPEAKERS)).filter_map(named).collect();
    let goes_on = args.per_second > 0;
    open_house(&home, &args.place, |site, server| {
        let speaking = tokio::spawn(speak(site.clone(), speakers, goes_on));
        if goes_on {
            let company = company.people(args.people.min(PEOPLE_MAX));
            Trickle { company, per_second: args.per_second, write_key: source.write_key.clone() }.run(server)?;
        }
        Ok(Some(speaking))
    })
}

/// Returns when watching ends: whole weeks from the company's own end, so that lives are the same whenever it is shown,
/// and so late that its past reaches up to the present week.
fn last_end(now: Instant) -> Instant {
    Instant(END.0 + (now.0 - END.0).div_euclid(WEEK) * WEEK)
}

/// Takes in everything that the company lived through.
fn fill(home: &Home, company: &Company, people: u32) -> Result<Taken> {
    let style = ProgressStyle::with_template("Inventing people {wide_bar} {pos}/{len} {eta}");
    let progress = ProgressBar::new(u64::from(people)).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let mut intake = Intake::new(home.stores())?.marked(Flags::BACKFILL);
    let mut taken = Taken::default();
    let (mut batch, mut traits): (Vec<Arrival>, Vec<Known>) = (Vec::with_capacity(BATCH), Vec::new());
    for person in 0..people {
        let life = company.person(person);
        if let Some((identity, at)) = life.iter().find_map(|arrival| Some((arrival.identities.first()?, arrival.at))) {
            let known = company.traits(person).into_iter();
            traits.extend(known.map(|(key, value)| (identity.clone(), key, value, at)));
        }
        batch.extend(life);
        if batch.len() >= BATCH || person + 1 == people {
            let more = intake.take(std::mem::take(&mut batch), Vec::new(), std::mem::take(&mut traits))?;
            taken = Taken { added: taken.added + more.added, duplicates: taken.duplicates + more.duplicates };
            progress.set_position(u64::from(person) + 1);
        }
    }
    intake.finish()?;
    progress.finish_and_clear();
    Ok(taken)
}
