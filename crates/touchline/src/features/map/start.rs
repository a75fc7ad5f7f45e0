//! Makes the first map of what was told in the first steps.

use super::{Maps, Saved, refused};
use crate::features::account::Keeper;
use crate::features::goals::{Goals, Setup};
use crate::platform::clock::Clock;
use crate::platform::http::{Problem, Refusal};
use axum::Json;
use axum::extract::State;
use model::map::{Objective, ObjectiveKind};
use model::rules::{SegmentRule, Trigger};
use model::text::Text;
use model::{TouchpointMap, catalogue};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

type Room = (Maps, Goals, Clock);

/// Returns the route.
pub fn start_routes(maps: Maps, goals: Goals, clock: Clock) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(start)).with_state((maps, goals, clock))
}

/// Makes the map of the first steps. Where there is a map already, its touchpoints stay as they are; the objectives and the
/// needs of its segments become those that were told.
#[utoipa::path(post, path = "/api/map/start", tag = "map", responses(
    (status = 200, body = Saved),
    (status = 400, description = "The first steps lack something, or the map would not be sound.", body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
))]
async fn start(_: Keeper, State((maps, goals, clock)): State<Room>) -> Result<Json<Saved>, Refusal> {
    let setup = goals.told().await?.setup;
    let map = match maps.current().await? {
        Some(version) => rethought(version.map, &setup),
        None => first_map(&setup).ok_or_else(|| {
            Refusal::malformed(
                "No type of business is chosen yet",
                "Choose the one that resembles yours most: it can all be changed",
            )
        })?,
    };
    super::check(&map).map_err(refused)?;
    Ok(Json(Saved { version: maps.save(&map, "first steps", clock()).await? }))
}

/// Makes a map of the template, without what was left out; `None` before a type is chosen.
fn first_map(setup: &Setup) -> Option<TouchpointMap> {
    let mut map = catalogue::template(setup.business.as_deref()?)?;
    let name = setup.organisation.trim();
    if !name.is_empty() {
        map.name = name.into();
    }
    if let Some(currency) = setup.currency {
        map.currency = currency;
    }
    let is_left_out = |id: &str| setup.segments.iter().any(|group| group.id == id && group.left_out);
    map.segments.retain(|segment| !is_left_out(&segment.id));
    let is_wanted = |id: &str| setup.answer(id).is_none_or(|answer| answer.accepted);
    map.touchpoints.retain(|touchpoint| is_wanted(&touchpoint.id));
    for touchpoint in &mut map.touchpoints {
        touchpoint.cells.retain(|cell| cell.segment.as_deref().is_none_or(|segment| !is_left_out(segment)));
        touchpoint.parent = touchpoint.parent.take().filter(|parent| is_wanted(parent));
    }
    map.rules.retain(|rule| is_wanted(&rule.touchpoint));
    for segment in &mut map.segments {
        forget(&mut segment.rule, &is_wanted);
    }
    let placed = map.touchpoints.iter().flat_map(|one| one.cells.iter().map(|cell| (cell.stage.clone(), one.id.clone())));
    let placed: Vec<(String, String)> = placed.collect();
    for stage in &mut map.stages {
        stage.entry.retain_mut(|trigger| match trigger {
            Trigger::Touchpoints { touchpoints } => {
                touchpoints.retain(|id| is_wanted(id));
                !touchpoints.is_empty()
            }
            _ => true,
        });
        if stage.entry.is_empty() {
            // All ways in were refused: whatever else meets people in this stage brings them there.
            let touchpoints = placed.iter().filter(|(at, _)| *at == stage.id).map(|(_, id)| id.clone()).collect::<Vec<_>>();
            let met = !touchpoints.is_empty();
            stage.entry.push(if met { Trigger::Touchpoints { touchpoints } } else { Trigger::Contact {} });
        }
    }
    Some(rethought(map, setup))
}

/// Takes touchpoints that are not wanted out of a rule: nobody meets them.
fn forget(rule: &mut SegmentRule, is_wanted: &impl Fn(&str) -> bool) {
    match rule {
        SegmentRule::Touched { touchpoint } if !is_wanted(touchpoint) => *rule = SegmentRule::Any { of: Vec::new() },
        SegmentRule::Met { touchpoint: Some(touchpoint), .. } if !is_wanted(touchpoint) => {
            *rule = SegmentRule::Any { of: Vec::new() };
        }
        SegmentRule::Any { of } => {
            of.iter_mut().for_each(|part| forget(part, is_wanted));
            of.retain(|part| !matches!(part, SegmentRule::Any { of } if of.is_empty()));
        }
        SegmentRule::All { of } => of.iter_mut().for_each(|part| forget(part, is_wanted)),
        SegmentRule::Not { of } => forget(of, is_wanted),
        _ => {}
    }
}

/// Puts objectives and needs into a map. What was not told stays.
fn rethought(mut map: TouchpointMap, setup: &Setup) -> TouchpointMap {
    let told: Vec<_> = setup.objectives.iter().filter(|aim| !aim.text.trim().is_empty()).collect();
    if !told.is_empty() {
        let objective = |(at, aim): (usize, &&crate::features::goals::Aim)| {
            // An objective that the template brought keeps its translations as long as nobody rewrites it.
            let known = map.objectives.iter().find(|known| known.text.says(&aim.text) && known.kind == aim.kind);
            let new = || {
                // Said in other words it is measured as it was.
                let before = map.objectives.get(at).filter(|before| before.kind == aim.kind);
                let measured = before.and_then(|before| before.aim.clone());
                Objective { id: id(aim.kind, at), kind: aim.kind, text: aim.text.trim().into(), aim: measured }
            };
            known.cloned().unwrap_or_else(new)
        };
        map.objectives = told.iter().enumerate().map(objective).collect();
    }
    for segment in &mut map.segments {
        let Some(group) = setup.segments.iter().find(|group| group.id == segment.id) else { continue };
        if let Some(name) = group.name.as_deref().map(str::trim).filter(|name| !name.is_empty() && !segment.name.says(name)) {
            segment.name = name.into();
        }
        if let Some(needs) = &group.needs {
            let known = std::mem::take(&mut segment.needs);
            let need = |told: &String| -> Text {
                known.iter().find(|known| known.says(told)).cloned().unwrap_or_else(|| told.trim().into())
            };
            segment.needs = needs.iter().filter(|told| !told.trim().is_empty()).map(need).collect();
        }
    }
    map
}

fn id(kind: ObjectiveKind, at: usize) -> String {
    let word = match kind {
        ObjectiveKind::Revenue => "revenue",
        ObjectiveKind::Cost => "cost",
        ObjectiveKind::Relationship => "relationship",
    };
    format!("{word}-{}", at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::goals::{Aim, Answer, Group};

    fn setup() -> Setup {
        Setup { business: Some("online-shop".into()), organisation: " Tea & Co ".into(), ..Setup::default() }
    }

    #[test]
    fn nothing_is_made_before_a_type_is_chosen() {
        assert_eq!(first_map(&Setup::default()), None);
    }

    #[test]
    fn every_template_makes_a_sound_map_whatever_is_refused() {
        for business in catalogue::TEMPLATES {
            let whole = catalogue::template(business).expect("is there");
            for refused in &whole.touchpoints {
                let answer = Answer { touchpoint: refused.id.clone(), accepted: false, because: "too dear".into() };
                let map = first_map(&Setup { business: Some((*business).into()), answers: vec![answer], ..Setup::default() });
                let map = map.expect("is made");
                assert_eq!(map.touchpoints.len(), whole.touchpoints.len() - 1);
                assert_eq!(map.problems(), [], "{business} without {}", refused.id);
            }
            let no = |touchpoint: &model::map::Touchpoint| Answer {
                touchpoint: touchpoint.id.clone(),
                accepted: false,
                because: String::new(),
            };
            let answers = whole.touchpoints.iter().skip(1).map(no).collect();
            let one = first_map(&Setup { business: Some((*business).into()), answers, ..Setup::default() }).expect("is made");
            assert_eq!((one.touchpoints.len(), one.problems()), (1, vec![]), "{business}, nearly everything refused");
            for segment in &whole.segments {
                let group = Group { id: segment.id.clone(), name: None, needs: None, left_out: true };
                let map = first_map(&Setup { business: Some((*business).into()), segments: vec![group], ..Setup::default() });
                assert_eq!(map.expect("is made").problems(), [], "{business} without {}", segment.id);
            }
        }
    }

    #[test]
    fn objectives_and_needs_are_those_that_were_told() {
        let template = catalogue::template("online-shop").expect("is there");
        let kept = &template.objectives[0];
        let group = Group {
            id: "new-visitors".into(),
            name: Some("Passers-by".into()),
            needs: Some(vec![template.segments[0].needs[0].en.clone(), " A clear price ".into(), " ".into()]),
            left_out: false,
        };
        let told = Setup {
            objectives: vec![
                Aim { kind: kept.kind, text: kept.text.en.clone() },
                Aim { kind: ObjectiveKind::Cost, text: "Answer once, not twice".into() },
            ],
            segments: vec![group],
            ..setup()
        };
        let map = first_map(&told).expect("is made");
        assert_eq!(map.name.en, "Tea & Co");
        assert_eq!(map.objectives[0], *kept, "with its translations");
        assert_eq!(map.objectives[1].text.en, "Answer once, not twice");
        let segment = map.segments.iter().find(|segment| segment.id == "new-visitors").expect("stays");
        assert_eq!(segment.name.en, "Passers-by");
        let needs: Vec<&str> = segment.needs.iter().map(|need| need.en.as_str()).collect();
        assert_eq!(needs, [template.segments[0].needs[0].en.as_str(), "A clear price"]);
        assert!(segment.needs[0].fr.is_some());
        assert_eq!(map.problems(), []);
        // Read in another language, and told as it was read, it is the same.
        let in_french = kept.text.fr.clone().expect("is translated");
        let told_in_french =
            Setup { objectives: vec![Aim { kind: kept.kind, text: in_french }], segments: Vec::new(), ..setup() };
        assert_eq!(rethought(map.clone(), &told_in_french).objectives, std::slice::from_ref(kept));
        // A second look changes the objectives and leaves the touchpoints.
        let again = rethought(map.clone(), &Setup { objectives: vec![], ..told });
        assert_eq!(again, map);
    }
}
