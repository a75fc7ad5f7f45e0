//! Looking whether a data directory is as it was written: every file against its checksum, and the stores against each
//! other. Nothing is changed, everything that can be read is read, and whatever is found is named with its file.

use super::{Agreement, AskRooms};
use crate::failure::Result;
use crate::platform::home::{FORMAT_FILE, JOURNAL_FOLDER, LEDGER_FOLDER, STATE_FILE, Stores, format_text, read_format};
use crate::platform::id_map::IdSet;
use crate::platform::journal::{self, JournalError};
use serde::{Deserialize, Serialize};
use state::State;
use std::path::Path;
use utoipa::ToSchema;

/// Is something that is not as it was written.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// The file.
    pub file: String,
    /// What is wrong with it.
    pub what: String,
    /// Whether something is damaged; else it is only worth knowing.
    pub is_damage: bool,
}

/// Is what a look at a data directory found.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Report {
    /// Whether nothing is damaged.
    pub is_sound: bool,
    /// The version of the ledger.
    pub ledger: u64,
    /// Its files.
    pub files: u64,
    /// The interactions in those that are whole.
    pub interactions: u64,
    /// The bytes that were read of it.
    pub bytes: u64,
    /// What was found.
    pub findings: Vec<Finding>,
}

impl Report {
    fn add(&mut self, file: &Path, what: impl Into<String>, is_damage: bool) {
        self.findings.push(Finding { file: file.display().to_string(), what: what.into(), is_damage });
    }

    fn damage(&mut self, file: &Path, what: impl Into<String>) {
        self.add(file, what, true);
    }

    /// Compares the ledger with what the rooms know. `None`: they could not be asked.
    fn ledger(mut self, dir: &Path, rooms: Option<&Agreement>, progress: &mut dyn FnMut(u64, u64)) -> Self {
        let nobody = IdSet::default();
        let actors = rooms.map_or(&nobody, |rooms| &rooms.actors);
        let is_known = |actor| rooms.is_none() || actors.contains(&actor);
        let found = ledger::verify(&dir.join(LEDGER_FOLDER), &is_known, progress);
        self.findings.extend(found.findings.iter().map(|finding| Finding {
            file: finding.path.display().to_string(),
            what: finding.what.clone(),
            is_damage: finding.is_damage,
        }));
        let state = dir.join(STATE_FILE);
        if found.strangers > 0 {
            self.damage(&state, format!("{} interactions are of identities whose text it does not have", found.strangers));
        }
        if let (Some(rooms), Some(highest)) = (rooms, found.highest_signal)
            && u64::from(highest.0) >= rooms.signals
        {
            self.damage(&state, format!("it knows {} signals, the ledger names number {}", rooms.signals, highest.0));
        }
        (self.ledger, self.files, self.interactions, self.bytes) = (found.version, found.files, found.rows, found.bytes);
        self.is_sound = !self.findings.iter().any(|finding| finding.is_damage);
        self
    }
}

/// Verifies a data directory that nobody holds. To be called from threads that may block.
///
/// # Errors
/// Fails only where there is no data directory at all: everything else is a finding.
pub fn verify_closed(dir: &Path, rooms: &AskRooms, progress: &mut dyn FnMut(u64, u64)) -> Result<Report> {
    let mut report = Report::default();
    if let Err(failure) = read_format(dir) {
        if !dir.join(FORMAT_FILE).exists() {
            return Err(failure);
        }
        report.damage(&dir.join(FORMAT_FILE), failure.what);
    } else if std::fs::read(dir.join(FORMAT_FILE)).is_ok_and(|bytes| bytes != format_text().as_bytes()) {
        report.damage(&dir.join(FORMAT_FILE), "is not as it was written");
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| crate::failure::Failure::new("Cannot start a thread").because(&error))?;
    let path = dir.join(STATE_FILE);
    let faults = runtime.block_on(state::verify(&path));
    let is_sound = !faults.iter().any(|fault| fault.is_damage);
    for fault in faults {
        report.add(&fault.path, fault.what, fault.is_damage);
    }
    // What is damaged is not asked: it may answer anything.
    let agreement = if is_sound {
        let asked = runtime.block_on(async {
            let state = State::look(&path).await.map_err(|error| error.to_string())?;
            let agreement = rooms(&state).await.map_err(|failure| failure.to_string());
            state.close().await;
            agreement
        });
        asked.inspect_err(|what| report.damage(&path, format!("cannot be read: {what}"))).ok()
    } else {
        None
    };
    for fault in agreement.iter().flat_map(|agreement| &agreement.faults) {
        report.damage(&path, fault.clone());
    }
    verify_journal(dir, &mut report);
    Ok(report.ledger(dir, agreement.as_ref(), progress))
}

/// Verifies a data directory that is open, while others work in it: its state store is asked, not read byte by byte,
/// and its journal is passed over, for it is being written. To be called from threads that may block.
///
/// # Errors
/// Fails when the state store does not answer.
pub fn verify_open(stores: &Stores, rooms: &AskRooms, progress: &mut dyn FnMut(u64, u64)) -> Result<Report> {
    let mut report = Report::default();
    let path = stores.dir.join(STATE_FILE);
    match stores.block_on(stores.state.faults()) {
        Ok(faults) => faults.into_iter().for_each(|fault| report.damage(&path, fault)),
        Err(error) => report.damage(&path, format!("cannot be read: {error}")),
    }
    let agreement = stores.block_on(rooms(&stores.state))?;
    for fault in &agreement.faults {
        report.damage(&path, fault.clone());
    }
    let mut report = report.ledger(&stores.dir, Some(&agreement), progress);
    let what = "is in use: its bytes, and those of the journal, are compared when the server is stopped";
    report.add(&path, what, false);
    Ok(report)
}

/// Reads every record of the journal.
fn verify_journal(dir: &Path, report: &mut Report) {
    let folder = dir.join(JOURNAL_FOLDER);
    if !folder.is_dir() {
        return;
    }
    match journal::check(&folder) {
        Ok(notes) => notes.into_iter().for_each(|(path, what)| report.add(&path, what, false)),
        Err(JournalError::Damaged { path, offset, what }) => report.damage(&path, format!("is damaged at byte {offset}: {what}")),
        Err(error) => report.damage(&folder, error.to_string()),
    }
}
