//! A table of weeks becomes items: carry-over and saturation are fitted by `analysis::mix`.

use super::super::say;
use super::{FILE_MAX, LevelsOff};
use crate::failure::{Failure, Result};
use crate::features::improve::Problem;
use analysis::budget::Item;
use analysis::mix::{Mix, Shape, fit};
use std::path::Path;

/// Reads a table, fits it, and makes a problem of it: today is the mean week, and nothing goes beyond twice the highest.
pub(super) fn read(path: &Path, shape: LevelsOff, tell: bool) -> Result<Problem> {
    let unread = |error: &dyn std::error::Error| {
        Failure::new(format!("Cannot read the weeks in {}", path.display()))
            .because(error)
            .hint("A table with a column `outcomes` and one column of spend per touchpoint, one row per week in order")
    };
    if std::fs::metadata(path).map_err(|error| unread(&error))?.len() > FILE_MAX {
        return Err(
            Failure::new(format!("{} is larger than {} MB", path.display(), FILE_MAX >> 20)).hint("Is it the right file?")
        );
    }
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(path).map_err(|error| unread(&error))?;
    let head: Vec<String> = reader.headers().map_err(|error| unread(&error))?.iter().map(str::to_owned).collect();
    let mut columns: Vec<Vec<f64>> = vec![Vec::new(); head.len()];
    // A day or a number of the week only says which row is which.
    let is_label = |name: &str| ["week", "date", "date_week", "day"].contains(&name.to_ascii_lowercase().as_str());
    for (at, record) in reader.records().enumerate() {
        let record = record.map_err(|error| unread(&error))?;
        for (column, cell) in
            columns.iter_mut().zip(record.iter()).zip(&head).filter(|(_, name)| !is_label(name)).map(|(pair, _)| pair)
        {
            let number = if cell.is_empty() { Ok(0.0) } else { cell.parse() };
            column.push(number.map_err(|error| {
                Failure::new(format!("Row {} of {} has a cell that is no number", at + 2, path.display())).because(&error)
            })?);
        }
    }
    let outcomes = head.iter().position(|name| name.eq_ignore_ascii_case("outcomes"));
    let outcomes = outcomes.ok_or_else(|| {
        Failure::new(format!("{} has no column `outcomes`", path.display()))
            .hint("Name the column with what the weeks brought `outcomes`")
    })?;
    let named = |wanted: bool| -> Vec<usize> {
        let others = (0..head.len()).filter(|at| *at != outcomes && !is_label(&head[*at]));
        others.filter(|at| head[*at].starts_with("control:") == wanted).collect()
    };
    let (controls, channels) = (named(true), named(false));
    let pick = |places: &[usize]| places.iter().map(|at| columns[*at].clone()).collect::<Vec<_>>();
    let shape = if shape == LevelsOff::Logistic { Shape::Logistic } else { Shape::Exponential };
    let spending = pick(&channels);
    let mix = fit(&columns[outcomes], &spending, &pick(&controls), shape).map_err(|unfit| {
        Failure::new("The weeks cannot be fitted").because(&unfit).hint("Use --items with responses that you know")
    })?;
    let names: Vec<&str> = channels.iter().map(|at| head[*at].as_str()).collect();
    if tell {
        report(&mix, &names)?;
    }
    let items: Vec<Item> = mix
        .channels
        .iter()
        .zip(&spending)
        .zip(&names)
        .map(|((channel, weekly), name)| Item {
            id: (*name).to_owned(),
            response: channel.response,
            today: weekly.iter().sum::<f64>() / weekly.len() as f64,
            floor: 0.0,
            // Beyond what was ever spent nothing was seen.
            ceiling: Some(2.0 * weekly.iter().copied().fold(0.0, f64::max)),
            package: None,
            draws: channel.draws.clone(),
        })
        .collect();
    Ok(Problem { budget: Some(items.iter().map(|item| item.today).sum()), items })
}

fn report(mix: &Mix, names: &[&str]) -> Result<()> {
    say(&format!(
        "{} weeks, {:.0} % of the variance explained; an association, not an experiment (E3).",
        mix.weeks,
        100.0 * mix.r2
    ))?;
    for (channel, name) in mix.channels.iter().zip(names) {
        say(&format!(
            "  {name}: {:.1} % of outcomes [{:.1}; {:.1}], carries over {:.2} [{:.2}; {:.2}], at most {:.2} a week [{:.2}; {:.2}]",
            100.0 * channel.share.value,
            100.0 * channel.share.low,
            100.0 * channel.share.high,
            channel.carry.value,
            channel.carry.low,
            channel.carry.high,
            channel.top.value,
            channel.top.low,
            channel.top.high,
        ))?;
    }
    say("")
}
