//! The map as a Mermaid `journey`: a section per stage, a task per touchpoint, its segments as actors.
//!
//! Mermaid wants a score from 1 to 5 with every task. A map as designed holds no experience score, so each task gets
//! the middle one.

use model::{Life, TouchpointMap};
use std::fmt::Write;

/// The score of a task of which nothing was measured.
const MIDDLE: u8 = 3;

/// Writes a map as a Mermaid diagram. Touchpoints that are retired or sit nowhere are left out.
#[must_use]
pub fn export(map: &TouchpointMap) -> String {
    let mut diagram = format!("journey\n    title {}\n", plain(&map.name.en));
    for stage in &map.stages {
        // Writing to a String cannot fail.
        let _ = writeln!(diagram, "    section {}", plain(&stage.name.en));
        for touchpoint in map.touchpoints.iter().filter(|touchpoint| touchpoint.life != Life::Retired) {
            let cells: Vec<_> = touchpoint.cells.iter().filter(|cell| cell.stage == stage.id).collect();
            if cells.is_empty() {
                continue;
            }
            let everybody = cells.iter().any(|cell| cell.segment.is_none());
            let meant = map.segments.iter().filter(|segment| cells.iter().any(|cell| cell.segment.as_ref() == Some(&segment.id)));
            let actors: Vec<String> =
                if everybody { vec!["Everybody".to_owned()] } else { meant.map(|segment| plain(&segment.name.en)).collect() };
            let _ = writeln!(diagram, "      {}: {MIDDLE}: {}", plain(&touchpoint.name.en), actors.join(", "));
        }
    }
    diagram
}

/// Takes out the signs that mean something to Mermaid.
fn plain(text: &str) -> String {
    let replaced = text.replace([':', ',', ';', '#', '\n', '\r'], " ");
    replaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::super::store::tests::sample;
    use super::*;

    #[test]
    fn a_section_per_stage_and_a_task_per_touchpoint() {
        let expected = "journey
    title Corner shop
    section Awareness
      Newsletter weekly: 3: New people
      Counter: 3: Everybody
    section Loyalty
      Newsletter weekly: 3: Regulars
";
        assert_eq!(export(&sample()), expected);
    }
}
