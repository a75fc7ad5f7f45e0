//! The map laid out: segments down, stages across, touchpoints in the cells.

use model::{Direction, Life, TouchpointMap};
use serde::Serialize;

/// Is the map as rows and columns, ready to be shown.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Grid<'a> {
    /// The stages, in order.
    pub stages: Vec<Column<'a>>,
    /// The rows; the first is for everybody, the others for one segment each.
    pub rows: Vec<Row<'a>>,
}

/// Is one stage.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Column<'a> {
    /// The stage, by id.
    pub stage: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Its importance; those of all stages sum to 1.
    pub importance: f64,
}

/// Is what is meant for one segment.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Row<'a> {
    /// The segment, by id; none: every segment.
    pub segment: Option<&'a str>,
    /// Its name.
    pub name: &'a str,
    /// The touchpoints of each stage, in the order of [`Grid::stages`].
    pub cells: Vec<Vec<Placed<'a>>>,
}

/// Is one touchpoint in its place.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Placed<'a> {
    /// The touchpoint, by id.
    pub touchpoint: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Who speaks to whom.
    pub direction: Direction,
    /// Where it stands in its life.
    pub life: Life,
}

/// Lays a map out. A touchpoint meant for every segment stands once, in the row for everybody.
#[must_use]
pub fn grid(map: &TouchpointMap) -> Grid<'_> {
    let stages = map.stages.iter();
    let segments = map.segments.iter().map(|segment| (Some(segment.id.as_str()), segment.name.en.as_str()));
    let everybody = std::iter::once((None, "Everybody"));
    Grid {
        stages: stages.map(|stage| Column { stage: &stage.id, name: &stage.name.en, importance: stage.weight }).collect(),
        rows: everybody.chain(segments).map(|(segment, name)| Row { segment, name, cells: cells(map, segment) }).collect(),
    }
}

fn cells<'a>(map: &'a TouchpointMap, segment: Option<&str>) -> Vec<Vec<Placed<'a>>> {
    let cell = |stage: &str| {
        let here = map
            .touchpoints
            .iter()
            .filter(|touchpoint| touchpoint.cells.iter().any(|cell| cell.stage == stage && cell.segment.as_deref() == segment));
        let placed = here.map(|touchpoint| Placed {
            touchpoint: &touchpoint.id,
            name: &touchpoint.name.en,
            direction: touchpoint.direction,
            life: touchpoint.life,
        });
        placed.collect()
    };
    map.stages.iter().map(|stage| cell(&stage.id)).collect()
}

impl std::fmt::Display for Placed<'_> {
    /// Writes an arrow for who speaks to whom, the name, and the life where it is not live.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let arrow = match self.direction {
            Direction::Outbound => '→',
            Direction::Inbound => '←',
            Direction::TwoWay => '↔',
            Direction::Internal => '⟲',
        };
        write!(f, "{arrow} {}", self.name)?;
        if self.life == Life::Live { Ok(()) } else { write!(f, " ({})", self.life) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::store::tests::sample;
    use super::*;

    #[test]
    fn touchpoints_stand_where_they_are_meant() {
        let map = sample();
        let written = |cell: &Vec<Placed<'_>>| cell.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        let grid = grid(&map);
        let rows: Vec<(&str, Vec<String>)> =
            grid.rows.iter().map(|row| (row.name, row.cells.iter().map(written).collect())).collect();
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

    #[test]
    fn what_is_not_live_says_so() {
        let placed = Placed { touchpoint: "x", name: "X", direction: Direction::Inbound, life: Life::Planned };
        assert_eq!(placed.to_string(), "← X (planned)");
    }
}
