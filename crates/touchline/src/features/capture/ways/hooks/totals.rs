//! Following the totals of orders. An order is one purchase, for ever worth what it was at first; each change of its total is
//! an interaction of its own, worth the difference. The sum is what the order is worth today, and nothing is rewritten.
//!
//! The totals stand in the table `hook_total`, noted before the interactions are taken. Every body of an order brings all
//! its changes again, under ids of their own, so that one which a crash has kept from the ledger comes with the next.

use crate::failure::{Failure, Result};
use crate::features::capture::Delivery;
use crate::features::capture::wire::clock;
use model::{Arrival, Currency, Form, Instant};
use sqlx::Row;
use state::{State, StateError, Transaction};

/// An order that changes more often than this is a running account, and is followed no further.
const CHANGES_MAX: usize = 100;

/// Is a total that an order has or had.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Total {
    amount: i64,
    since: Instant,
}

/// Adds to orders what has become of their totals. `changed` names the property in which each says when it was changed.
///
/// # Errors
/// Fails when the state store does; then nothing may be taken.
pub(super) async fn follow(state: &State, delivery: &mut Delivery, changed: &str) -> Result<()> {
    let mut changes = Vec::new();
    let mut transaction = state.begin().await.map_err(failed)?;
    for order in delivery.arrivals.iter_mut().filter(|arrival| arrival.form == Form::Purchase) {
        let (Some(amount), Some(currency)) = (order.value, order.currency) else { continue };
        let told = Total { amount, since: changed_at(order, changed).unwrap_or(order.at) };
        let all = noted(&mut transaction, &order.id().to_string(), currency, told).await?;
        order.value = Some(all[0].amount);
        changes.extend((1..).zip(all.windows(2)).map(|(place, pair)| change(order, place, pair[0], pair[1])));
    }
    transaction.commit().await.map_err(|error| failed(error.into()))?;
    delivery.arrivals.extend(changes);
    Ok(())
}

/// Notes a total where it is news, and returns all of them, the first first. What was said before the last one is old.
async fn noted(transaction: &mut Transaction, order: &str, currency: Currency, told: Total) -> Result<Vec<Total>> {
    let rows = sqlx::query("SELECT total, currency, changed_at FROM hook_total WHERE order_id = $1 ORDER BY place")
        .bind(order.to_owned())
        .fetch_all(&mut **transaction)
        .await
        .map_err(|error| failed(error.into()))?;
    let total = |row: &sqlx::any::AnyRow| Total { amount: row.get("total"), since: Instant(row.get("changed_at")) };
    let mut all: Vec<Total> = rows.iter().map(total).collect();
    let is_same = rows.first().is_none_or(|row| row.get::<String, _>("currency") == currency.code());
    let is_news = all.last().is_none_or(|last| told.since > last.since && told.amount != last.amount);
    if is_same && is_news && all.len() <= CHANGES_MAX {
        sqlx::query("INSERT INTO hook_total (order_id, place, total, currency, changed_at) VALUES ($1, $2, $3, $4, $5)")
            .bind(order.to_owned())
            .bind(all.len() as i64)
            .bind(told.amount)
            .bind(currency.code().to_owned())
            .bind(told.since.0)
            .execute(&mut **transaction)
            .await
            .map_err(|error| failed(error.into()))?;
        all.push(told);
    }
    Ok(all)
}

/// Makes the interaction that takes an order from one total to the next.
fn change(order: &Arrival, place: usize, before: Total, after: Total) -> Arrival {
    let mut changed = order.clone();
    changed.message_id.extend_from_slice(format!("\0total\0{place}").as_bytes());
    changed.reply_to = Some(order.message_id.clone());
    changed.signature.event = "order change".to_owned();
    changed.value = Some(after.amount - before.amount);
    changed.form = if after.amount > before.amount { Form::Purchase } else { Form::Cancellation };
    changed.at = after.since;
    Arrival { cost: None, offer: None, props: None, text: None, sent: None, original: None, ..changed }
}

/// Returns when an order says that it was changed.
fn changed_at(order: &Arrival, property: &str) -> Option<Instant> {
    let props: serde_json::Value = serde_json::from_str(order.props.as_deref()?).ok()?;
    clock::instant(props.get(property)?.as_str()?)
}

fn failed(error: StateError) -> Failure {
    Failure::new("Cannot follow the total of an order").because(&error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Direction, Signature};

    fn order(total: i64, changed: &str) -> Delivery {
        let arrival = Arrival {
            value: Some(total),
            currency: Some(Currency::EUR),
            props: Some(format!(r#"{{"changed":"{changed}"}}"#)),
            ..Arrival::new(b"1001".to_vec(), Signature::default(), Instant(5), Form::Purchase, Direction::Inbound)
        };
        Delivery { arrivals: vec![arrival], ..Delivery::default() }
    }

    /// Tells what became of a body: the values of its interactions.
    async fn worth(state: &State, total: i64, changed: &str) -> Vec<i64> {
        let mut delivery = order(total, changed);
        follow(state, &mut delivery, "changed").await.expect("follows");
        let ids: std::collections::HashSet<_> = delivery.arrivals.iter().map(Arrival::id).collect();
        assert_eq!(ids.len(), delivery.arrivals.len(), "each has an id of its own");
        assert!(delivery.arrivals[1..].iter().all(|change| change.reply_to.as_deref() == Some(b"1001")));
        delivery.arrivals.iter().map(|arrival| arrival.value.expect("is worth something")).collect()
    }

    #[tokio::test]
    async fn every_body_brings_the_order_and_all_that_changed() {
        let dir = tempfile::tempdir().expect("folder");
        let state = State::create(&dir.path().join("state.sqlite")).await.expect("opens");
        assert_eq!(worth(&state, 3_000, "2026-01-01T10:00:00Z").await, [3_000]);
        assert_eq!(worth(&state, 3_000, "2026-01-01T11:00:00Z").await, [3_000], "changed in another way");
        assert_eq!(worth(&state, 4_500, "2026-01-02T10:00:00Z").await, [3_000, 1_500]);
        assert_eq!(worth(&state, 4_500, "2026-01-02T10:00:00Z").await, [3_000, 1_500], "the same body again");
        assert_eq!(worth(&state, 3_000, "2026-01-01T10:00:00Z").await, [3_000, 1_500], "an old one comes late");
        assert_eq!(worth(&state, 2_000, "2026-01-03T10:00:00Z").await, [3_000, 1_500, -2_500]);
        assert_eq!(worth(&state, 9_999, "soon").await, [3_000, 1_500, -2_500], "it does not say when");
    }

    #[tokio::test]
    async fn a_running_account_is_followed_so_far_and_no_further() {
        let dir = tempfile::tempdir().expect("folder");
        let state = State::create(&dir.path().join("state.sqlite")).await.expect("opens");
        for total in 0..150 {
            let all = worth(&state, total, &format!("2026-01-01T10:{:02}:{:02}Z", total / 60, total % 60)).await;
            assert_eq!(all.iter().sum::<i64>(), total.min(CHANGES_MAX as i64));
        }
    }
}
