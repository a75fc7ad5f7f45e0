//! Sends the reports that are due.

use super::gather::{Gathered, Told, gather};
use super::store::{self, Planned, failed};
use super::{moment, write};
use crate::failure::Result;
use crate::features::account::Addressee;
use crate::features::measure::reports::Reports;
use jiff::tz::TimeZone;
use model::Instant;
use std::time::Duration;

/// So often it is looked whether a report is due.
const LOOK_EVERY: Duration = Duration::from_secs(30);

impl Reports {
    /// Sends reports when they are due. Never ends.
    pub(in super::super) async fn keep_sending(&self) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            if let Err(failure) = self.send_reports().await {
                tracing::warn!("{failure}");
            }
        }
    }

    /// Queues the letters of the reports that are due; returns how many reports those were.
    ///
    /// # Errors
    /// Fails when a store does; what is due stays due.
    pub async fn send_reports(&self) -> Result<usize> {
        let now = self.stores().now();
        let mut sent = 0;
        for planned in store::all(&self.stores().state).await? {
            if planned.is_paused || planned.next_at > now.0 {
                continue;
            }
            sent += usize::from(self.send_report(&planned, now).await?);
        }
        Ok(sent)
    }

    async fn send_report(&self, planned: &Planned, now: Instant) -> Result<bool> {
        let Some(latest) = self.latest().await? else { return Ok(false) };
        if planned.plan.check(latest.map()).is_err() {
            // The map has changed: somebody has to decide.
            store::give_up(&self.stores().state, planned.id, "segment_gone").await?;
            return Ok(false);
        }
        let Some(gathered) = gather(self, &planned.plan, now).await? else { return Ok(false) };
        let zone = TimeZone::get(&gathered.map.time_zone).unwrap_or(TimeZone::UTC);
        let Some(next) = moment::next_after(&planned.plan, &zone, now) else { return Ok(false) };
        let before: Option<Told> = serde_json::from_str(&planned.told).ok();
        let readers: Vec<Addressee> = self.readers(planned).await?;
        let letters: Vec<_> =
            readers.iter().map(|reader| self.report_letter(planned, &gathered, before.as_ref(), reader)).collect();
        let mut transaction = self.stores().state.begin().await.map_err(failed)?;
        if !store::move_on(&mut transaction, planned, next, now, letters.len(), &gathered.told()).await? {
            return Ok(false);
        }
        for letter in &letters {
            letter.queue(&mut transaction, now).await?;
        }
        transaction.commit().await.map_err(failed)?;
        Ok(true)
    }

    async fn readers(&self, planned: &Planned) -> Result<Vec<Addressee>> {
        let known = self.accounts().addressees().await?;
        Ok(known.into_iter().filter(|reader| planned.plan.readers.contains(&reader.account)).collect())
    }

    fn report_letter(
        &self,
        planned: &Planned,
        gathered: &Gathered,
        before: Option<&Told>,
        reader: &Addressee,
    ) -> crate::features::conversations::StaffLetter {
        // The moment it was due names it: it is one letter, whoever writes it.
        let id = format!("report:{}:{}:{}", planned.id, planned.next_at, reader.account);
        write::letter(id, &planned.plan, gathered, before, reader, self.talk().address())
    }
}
