//! `touchline init`: makes an organisation from a template or a map.

use super::{Data, Format, print_json, say};
use crate::failure::{Failure, Result};
use crate::features::capture::Sources;
use crate::features::map::{self, Maps};
use crate::platform::clock::system;
use crate::platform::home::Home;
use model::map::nearest;
use model::{TouchpointMap, catalogue};
use std::path::PathBuf;

/// Make a data directory for an organisation.
///
/// The template brings life-cycle stages with their importance, segments, touchpoints, outcomes and first objectives.
/// All of it can be changed later with `touchline map apply`.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  touchline init --data my-shop --template shop\n  touchline init --data my-shop --map map.json"
)]
pub(super) struct Args {
    #[command(flatten)]
    data: Data,
    /// What the organisation resembles: online-shop, shop, school or b2b.
    #[arg(long, required_unless_present = "map", conflicts_with = "map")]
    template: Option<String>,
    /// A map to start from instead, as JSON.
    #[arg(long, value_name = "FILE")]
    map: Option<PathBuf>,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(args: &Args) -> Result<()> {
    let map = match (&args.template, &args.map) {
        (_, Some(file)) => map::apply_json(&super::map::read(file)?)?,
        (template, None) => template_named(template.as_deref().unwrap_or_default())?,
    };
    // Last, so that a mistake above leaves no folder behind.
    let clock = system();
    let home = Home::create(&args.data.dir, clock.clone())?;
    home.block_on(Maps::new(home.state().clone()).save(&map, "init", clock()))?;
    let site = home.block_on(Sources::begin(home.state().clone(), clock()))?;
    match args.format {
        Format::Json => print_json(&serde_json::json!({
            "data": home.dir(), "name": map.name.en, "stages": map.stages.len(), "segments": map.segments.len(),
            "touchpoints": map.touchpoints.len(), "source": { "name": site.name, "write_key": site.write_key },
        })),
        Format::Table | Format::Csv => {
            let dir = home.dir().display();
            say(&format!(
                "Made {dir} for `{}`: {} stages, {} segments, {} touchpoints.\nLook at it with: touchline serve --data {dir}\n\
                 Let your web site send to it: touchline source snippet {} --client script --data {dir}",
                map.name.en,
                map.stages.len(),
                map.segments.len(),
                map.touchpoints.len(),
                site.name
            ))
        }
    }
}

/// Finds a template, or says which there are.
pub(super) fn template_named(name: &str) -> Result<TouchpointMap> {
    catalogue::template(name).ok_or_else(|| {
        let failure = Failure::new(format!("There is no template `{name}`"));
        match nearest(name, catalogue::TEMPLATES.iter().copied()) {
            Some(near) => failure.hint(format!("Did you mean `{near}`?")),
            None => failure.hint(format!("The templates are: {}", catalogue::TEMPLATES.join(", "))),
        }
    })
}
