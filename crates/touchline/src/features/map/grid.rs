//! The map laid out: segments down, stages across, touchpoints in the cells.

use model::{Direction, Life, Touchpoint, TouchpointMap};
use serde::Serialize;

/// Is the map as rows and columns, ready to be shown.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Grid {
    /// The stages with their importance, in order.
    pub stages: Vec<(String, f64)>,
    /// The rows: a segment, and for each stage the touchpoints meant for it. The first row is for everybody.
    pub rows: Vec<(String, Vec<Vec<String>>)>,
}

/// Lays a map out. A touchpoint meant for every segment stands once, in the row for everybody.
#[must_use]
pub fn grid(map: &TouchpointMap) -> Grid {
    let segments = map.segments.iter().map(|segment| (Some(&segment.id), segment.name.en.clone()));
    let rows = std::iter::once((None, "Everybody".to_owned())).chain(segments);
    let row = |segment: Option<&String>| -> Vec<Vec<String>> {
        let cell = |stage: &str| {
            let here = |touchpoint: &&Touchpoint| {
                touchpoint.cells.iter().any(|cell| cell.stage == stage && cell.segment.as_ref() == segment)
            };
            map.touchpoints.iter().filter(here).map(label).collect()
        };
        map.stages.iter().map(|stage| cell(&stage.id)).collect()
    };
    Grid {
        stages: map.stages.iter().map(|stage| (stage.name.en.clone(), stage.weight)).collect(),
        rows: rows.map(|(id, name)| (name, row(id))).collect(),
    }
}

/// Writes a touchpoint with an arrow for who speaks to whom, and its life where it is not live.
fn label(touchpoint: &Touchpoint) -> String {
    let arrow = match touchpoint.direction {
        Direction::Outbound => '→',
        Direction::Inbound => '←',
        Direction::TwoWay => '↔',
        Direction::Internal => '⟲',
    };
    let life = if touchpoint.life == Life::Live { String::new() } else { format!(" ({})", touchpoint.life) };
    format!("{arrow} {}{life}", touchpoint.name.en)
}

#[cfg(test)]
mod tests {
    use super::super::store::tests::sample;
    use super::*;

    #[test]
    fn touchpoints_stand_where_they_are_meant() {
        let grid = grid(&sample());
        let rows: Vec<(&str, Vec<String>)> =
            grid.rows.iter().map(|(name, cells)| (name.as_str(), cells.iter().map(|cell| cell.join("; ")).collect())).collect();
        let nothing = String::new;
        assert_eq!(
            rows,
            [
                ("Everybody", vec!["↔ Counter".to_owned(), nothing()]),
                ("New: people", vec!["→ Newsletter, weekly".to_owned(), nothing()]),
                ("Regulars", vec![nothing(), "→ Newsletter, weekly".to_owned()]),
            ]
        );
    }
}
