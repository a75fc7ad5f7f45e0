//! Which touchpoints a business of some type could use, and why: what each serves, and what it costs.

use super::setup::{Answer, Setup};
use model::map::{Cost, ObjectiveKind};
use model::text::Text;
use model::{TouchpointMap, catalogue};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Is how much of the monthly budget one touchpoint may take before it is called costly: a fifth leaves room for four others.
const COSTLY_SHARE: f64 = 0.2;

/// Is one touchpoint that could be used.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Proposal {
    /// Its id in the template.
    pub id: String,
    /// Its name.
    pub name: Text,
    /// The stages in which it meets people, by id, the main one first.
    pub stages: Vec<String>,
    /// Which of one's objectives it serves: those whose type is about such stages.
    pub serves: Vec<ObjectiveKind>,
    /// What it usually costs in a month, in minor units: running and working hours.
    pub cost_per_month: i64,
    /// Whether that is more than a fifth of the budget.
    pub is_costly: bool,
    /// What people should get there.
    pub optimal_experience: Option<Text>,
    /// What was decided.
    pub answer: Option<Answer>,
}

/// Tells about which stages a type of objective is. Revenue comes from people who get to know, weigh and choose; cost goes
/// down where people find answers and need no second contact; a relationship is what happens after buying.
#[must_use]
pub const fn about(kind: ObjectiveKind) -> &'static [&'static str] {
    match kind {
        ObjectiveKind::Revenue => &["awareness", "consideration", "selection"],
        ObjectiveKind::Cost => &["knowledge", "satisfaction"],
        ObjectiveKind::Relationship => &["satisfaction", "loyalty", "advocacy"],
    }
}

fn per_month(cost: &Cost) -> i64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a wage is far below 2^53 cents")]
    let hours = (cost.staff_hours_per_month * cost.staff_hour as f64).round() as i64;
    cost.running_per_month.saturating_add(hours)
}

/// Proposes the touchpoints of the template, those first that serve what was named; `None` before a type is chosen.
#[must_use]
pub fn proposals(setup: &Setup) -> Option<Vec<Proposal>> {
    let map: TouchpointMap = catalogue::template(setup.business.as_deref()?)?;
    let mut kinds: Vec<ObjectiveKind> = Vec::new();
    for aim in &setup.objectives {
        if !kinds.contains(&aim.kind) {
            kinds.push(aim.kind);
        }
    }
    let mut all: Vec<Proposal> = Vec::new();
    for touchpoint in map.touchpoints {
        let mut stages = vec![touchpoint.primary_stage.clone()];
        for cell in &touchpoint.cells {
            if !stages.contains(&cell.stage) {
                stages.push(cell.stage.clone());
            }
        }
        let serves = kinds.iter().copied().filter(|kind| stages.iter().any(|stage| about(*kind).contains(&stage.as_str())));
        let cost_per_month = per_month(&touchpoint.cost);
        #[expect(clippy::cast_precision_loss, reason = "amounts are far below 2^53")]
        let is_costly = setup.budget_per_month.is_some_and(|budget| cost_per_month as f64 > budget as f64 * COSTLY_SHARE);
        all.push(Proposal {
            serves: serves.collect(),
            stages,
            cost_per_month,
            is_costly,
            optimal_experience: touchpoint.details.optimal_experience,
            answer: setup.answer(&touchpoint.id).cloned(),
            id: touchpoint.id,
            name: touchpoint.name,
        });
    }
    // Stable: within the same number of objectives the order of the life cycle stays.
    all.sort_by_key(|proposal| std::cmp::Reverse(proposal.serves.len()));
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::goals::Aim;

    fn setup(kinds: &[ObjectiveKind]) -> Setup {
        let objectives = kinds.iter().map(|kind| Aim { kind: *kind, text: String::new() }).collect();
        Setup { business: Some("online-shop".into()), objectives, ..Setup::default() }
    }

    #[test]
    fn what_serves_the_objectives_comes_first() {
        assert_eq!(proposals(&Setup::default()), None);
        let all = proposals(&setup(&[ObjectiveKind::Relationship])).expect("a type is chosen");
        assert_eq!(all.len(), catalogue::template("online-shop").expect("is there").touchpoints.len());
        let serving = all.iter().take_while(|one| !one.serves.is_empty()).count();
        assert!(serving > 0 && all[serving..].iter().all(|one| one.serves.is_empty()));
        let ad = all.iter().find(|one| one.id == "search-advertisement").expect("is proposed");
        assert_eq!((ad.serves.len(), ad.stages.as_slice()), (0, &["awareness".to_owned(), "consideration".to_owned()][..]));
    }

    #[test]
    fn costly_is_said_against_a_budget_alone() {
        let cost = |setup: &Setup| {
            let all = proposals(setup).expect("a type is chosen");
            all.into_iter().find(|one| one.id == "help-chat").map(|one| (one.cost_per_month, one.is_costly)).expect("is proposed")
        };
        let free = setup(&[]);
        // 36.00 running and 7 hours of 28.00.
        assert_eq!(cost(&free), (23_200, false));
        assert_eq!(cost(&Setup { budget_per_month: Some(116_000), ..free.clone() }), (23_200, false));
        assert_eq!(cost(&Setup { budget_per_month: Some(115_999), ..free }), (23_200, true));
    }
}
