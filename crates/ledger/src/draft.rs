//! Files of the table that are being made beside those who read it: no lock is held while they are written.
//!
//! A [`Drafting`] is the table as of one moment. It makes [`Draft`]s, which [`crate::Ledger::commit`] brings into the
//! table in one short step, or refuses where the table has moved on in a way that matters. The files of a draft that
//! is dropped instead are removed with it.

use crate::append::{self, Appended};
use crate::compact::{self, Compacted};
use crate::disk::{Disk, remove_if_there};
use crate::erase::{self, Erased, Eraser};
use crate::error::Result;
use crate::known::Register;
use crate::log::{Change, FileInfo};
use crate::resolve::Resolve;
use crate::write::file_name;
use model::{Interaction, InteractionId};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// Is the table as of one moment, for whoever writes files beside it.
pub struct Drafting {
    pub(crate) disk: Disk,
    pub(crate) version: u64,
    pub(crate) files: Vec<FileInfo>,
    pub(crate) register: Register,
}

/// Is files that are durable and not part of the table yet.
pub struct Draft {
    pub(crate) change: Change,
    pub(crate) add: Vec<FileInfo>,
    pub(crate) remove: Vec<FileInfo>,
    /// The ids that the new files bring.
    pub(crate) ids: Vec<InteractionId>,
    /// What [`Register::inserts`] was when the ids were found to be new.
    pub(crate) inserts: u64,
    pub(crate) appended: Appended,
    pub(crate) compacted: Compacted,
    pub(crate) erased: Erased,
    scratch: Scratch,
}

impl Drafting {
    /// Writes the rows whose ids are not stored yet; the first of those with the same id counts.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn append(&self, batch: &[&Interaction], people: &dyn Resolve) -> Result<Draft> {
        let scratch = Scratch::new(&self.disk, self.version + 1);
        let inserts = self.register.inserts();
        let places = append::fresh(batch, &self.register, &self.disk.dir, &self.files)?;
        let row = |place: &u32| batch[*place as usize];
        let person = |row: &Interaction| people.person_of(row.actor, row.at).0;
        let rows = places.iter().map(|place| (row(place), person(row(place)))).collect();
        let add = append::write(&scratch, rows)?;
        let added = places.len() as u64;
        Ok(Draft {
            change: Change::Append,
            add,
            remove: Vec::new(),
            ids: places.iter().map(|place| row(place).id).collect(),
            inserts,
            appended: Appended { added, duplicates: batch.len() as u64 - added },
            compacted: Compacted::default(),
            erased: Erased::default(),
            scratch,
        })
    }

    /// Makes one sorted file out of the files of each bucket, and moves rows to whom they belong today: see
    /// [`crate::Ledger::compact`].
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn compact(&self, people: &dyn Resolve) -> Result<Draft> {
        self.rewrite(|scratch| compact::prepare(scratch, &self.files, people))
    }

    /// Merges small files of about the same size where there are many: see [`crate::Ledger::needs_tidying`]. A row is
    /// rewritten once per size class, so all of this costs a ledger of n rows O(n log n).
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn tidy(&self) -> Result<Draft> {
        self.rewrite(|scratch| compact::tidy(scratch, &self.files))
    }

    /// Takes rows out for good, or a part of their properties: see [`crate::Ledger::erase`].
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn erase(&self, eraser: &dyn Eraser) -> Result<Draft> {
        let mut erased = Erased::default();
        let draft = self.rewrite(|scratch| {
            let plan = erase::prepare(scratch, &self.files, eraser)?;
            erased = plan.erased;
            Ok(compact::Plan { add: plan.add, remove: plan.remove, moved: 0 })
        })?;
        Ok(Draft { change: Change::Erase, erased, ..draft })
    }

    fn rewrite(&self, plan: impl FnOnce(&Scratch) -> Result<compact::Plan>) -> Result<Draft> {
        let scratch = Scratch::new(&self.disk, self.version + 1);
        let plan = plan(&scratch)?;
        let (replaced, written) = (plan.remove.len() as u64, plan.add.len() as u64);
        Ok(Draft {
            change: Change::Compact,
            add: plan.add,
            remove: plan.remove,
            ids: Vec::new(),
            inserts: 0,
            appended: Appended::default(),
            compacted: Compacted { replaced, written, moved: plan.moved },
            erased: Erased::default(),
            scratch,
        })
    }
}

impl Draft {
    /// Returns what the draft adds.
    #[must_use]
    pub const fn appended(&self) -> Appended {
        self.appended
    }

    /// Returns what the draft replaces.
    #[must_use]
    pub const fn compacted(&self) -> Compacted {
        self.compacted
    }

    /// Returns what the draft takes out.
    #[must_use]
    pub const fn erased(&self) -> Erased {
        self.erased
    }

    /// Tells whether the table stays as it is.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.add.is_empty() && self.remove.is_empty()
    }

    /// Leaves the files where they are: from now on whoever commits them looks after them.
    pub(crate) fn keep(&mut self) {
        self.scratch.names().clear();
    }
}

/// Is the files of one attempt to change the table. What is still in it when it is dropped is removed.
pub(crate) struct Scratch {
    pub(crate) disk: Disk,
    version: u64,
    names: Mutex<Vec<String>>,
    spill: PathBuf,
}

impl Scratch {
    pub(crate) fn new(disk: &Disk, version: u64) -> Self {
        Self { disk: disk.clone(), version, names: Mutex::default(), spill: disk.spill() }
    }

    /// Returns a name, below the ledger, for a file of this attempt in a bucket.
    pub(crate) fn name(&self, bucket: u8) -> String {
        let name = file_name(bucket, self.version);
        self.names().push(name.clone());
        name
    }

    /// Makes a folder for what is set aside while the files are made.
    pub(crate) fn spill(&self) -> Result<PathBuf> {
        std::fs::create_dir_all(&self.spill).map_err(crate::error::disk("create the folder", &self.spill))?;
        Ok(self.spill.clone())
    }

    fn names(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed now is swept at the next opening. A finished file has a checksum behind its name.
        for name in self.names().iter() {
            let stem = name.trim_end_matches(".parquet");
            for path in self.disk.files_like(stem).unwrap_or_default() {
                let _ = remove_if_there(&path);
            }
        }
        let _ = std::fs::remove_dir_all(&self.spill);
    }
}
