//! Many rows, one interaction: the lines of an invoice.
//!
//! Rows of a group may stand anywhere in the file, so every open group is held in memory: about 250 bytes
//! each, up to a limit. A file in which they follow each other can say so (`sorted = true`) and holds one, and a
//! short hash of each that has ended.
//!
//! An interaction that is stored never changes, so a group is stored whole or not at all: a refused row spoils it.

use super::draft::Draft;
use super::plan::Reason;
use crate::tell;
use std::collections::{HashMap, HashSet};

/// So many groups may be open at once: about a gigabyte at the most.
const OPEN: usize = 4_000_000;

/// Says why the good rows of a group are refused together with a bad one.
fn spoiled() -> Reason {
    tell!(group_spoiled, "another row of its group was refused")
}

/// Is the groups that must not be stored, and why not.
pub(super) type Spoiled = HashMap<Box<[u8]>, Reason>;

/// Holds the groups that are not finished.
#[derive(Debug)]
pub(super) struct Groups<'a> {
    sorted: bool,
    /// What was spoiled when the file was read before.
    known: &'a Spoiled,
    /// What is spoiled by the rows so far.
    spoiled: Spoiled,
    index: HashMap<Box<[u8]>, u32>,
    open: Vec<Draft>,
    ended: HashSet<[u8; 16]>,
}

impl<'a> Groups<'a> {
    pub(super) fn new(sorted: bool, known: &'a Spoiled) -> Self {
        let (spoiled, index) = (Spoiled::new(), HashMap::new());
        Self { sorted, known, spoiled, index, open: Vec::new(), ended: HashSet::new() }
    }

    /// Adds a row; returns a group that it finished. What refuses the row spoils its group.
    pub(super) fn add(&mut self, draft: Draft) -> Result<Option<Draft>, Reason> {
        if let Some(reason) = self.known.get(&draft.key) {
            return Err(reason.clone());
        }
        let key = draft.key.clone();
        let added = if self.sorted { self.add_next(draft) } else { self.add_anywhere(draft).map(|()| None) };
        if let Err(reason) = &added {
            self.spoil(key, Some(reason));
        }
        added
    }

    /// Notes that a group cannot be stored; without a reason, because one of its rows was refused.
    pub(super) fn spoil(&mut self, key: Box<[u8]>, reason: Option<&Reason>) {
        self.spoiled.entry(key).or_insert_with(|| reason.cloned().unwrap_or_else(spoiled));
    }

    /// Tells whether memory is used up.
    pub(super) fn are_too_many(&self) -> bool {
        self.open.len() > OPEN || self.spoiled.len() > OPEN
    }

    /// Takes out the groups still open, in the order of their first rows.
    pub(super) fn take_open(&mut self) -> Vec<Draft> {
        std::mem::take(&mut self.open)
    }

    /// Returns what is spoiled.
    pub(super) fn into_spoiled(self) -> Spoiled {
        self.spoiled
    }

    fn add_anywhere(&mut self, draft: Draft) -> Result<(), Reason> {
        if let Some(number) = self.index.get(&draft.key) {
            return self.open[*number as usize].absorb(draft);
        }
        self.index.insert(draft.key.clone(), self.open.len() as u32);
        self.open.push(draft);
        Ok(())
    }

    fn add_next(&mut self, draft: Draft) -> Result<Option<Draft>, Reason> {
        if let Some(last) = self.open.last_mut()
            && last.key == draft.key
        {
            return last.absorb(draft).map(|()| None);
        }
        if !self.ended.insert(short(&draft.key)) {
            return Err(tell!(
                group_not_sorted,
                "the rows of its group do not follow each other, though the mapping says `sorted = true`: take that out and import the whole file again"
            ));
        }
        let finished = self.open.pop();
        self.open.push(draft);
        Ok(finished)
    }
}

fn short(key: &[u8]) -> [u8; 16] {
    let mut head = [0; 16];
    head.copy_from_slice(&blake3::hash(key).as_bytes()[..16]);
    head
}

#[cfg(test)]
mod tests {
    use super::super::amount::ONE;
    use super::*;
    use model::{Currency, Direction, Form, Instant};

    fn line(key: &str, at: i64, amount: i128) -> Draft {
        Draft {
            key: key.as_bytes().into(),
            names: Box::default(),
            signature: 0,
            at: Instant(at),
            form: Form::Purchase,
            direction: Direction::Inbound,
            value: Some(amount),
            cost: None,
            currency: Some(Currency::EUR),
            score: None,
            rare: None,
        }
    }

    /// Checks which sums come out of rows, told as key:amount@time.
    fn check(sorted: bool, rows: &[(&str, i64, i128)], expected: &[(&str, i64, i128)]) {
        let known = Spoiled::new();
        let mut groups = Groups::new(sorted, &known);
        let mut found = Vec::new();
        for (key, at, amount) in rows {
            found.extend(groups.add(line(key, *at, *amount)).expect("fits"));
        }
        found.extend(groups.take_open());
        let found: Vec<_> = found
            .iter()
            .map(|draft| (std::str::from_utf8(&draft.key).expect("text"), draft.at.0, draft.value.expect("a value")))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn lines_add_up_wherever_they_stand() {
        check(false, &[("a", 5, ONE), ("b", 6, ONE), ("a", 3, 2 * ONE)], &[("a", 3, 3 * ONE), ("b", 6, ONE)]);
        check(true, &[("a", 5, ONE), ("a", 6, ONE), ("b", 7, ONE)], &[("a", 5, 2 * ONE), ("b", 7, ONE)]);
        check(false, &[], &[]);
    }

    #[test]
    fn currencies_do_not_mix() {
        let known = Spoiled::new();
        let mut groups = Groups::new(false, &known);
        groups.add(line("a", 0, ONE)).expect("fits");
        let yen = Draft { currency: Currency::parse("JPY").ok(), ..line("a", 0, ONE) };
        let reason = groups.add(yen).expect_err("refused");
        assert_eq!(groups.into_spoiled()[b"a".as_slice()], reason);
    }

    #[test]
    fn a_second_run_spoils_a_sorted_group() {
        let known = Spoiled::new();
        let mut groups = Groups::new(true, &known);
        for key in ["a", "b"] {
            groups.add(line(key, 0, ONE)).expect("fits");
        }
        assert!(groups.add(line("a", 0, ONE)).expect_err("refused").says.contains("do not follow"));
        assert_eq!(groups.into_spoiled().len(), 1);
    }

    #[test]
    fn what_is_known_as_spoiled_is_refused_row_by_row() {
        let known = Spoiled::from([(b"a".as_slice().into(), spoiled())]);
        let mut groups = Groups::new(false, &known);
        assert_eq!(groups.add(line("a", 0, ONE)).expect_err("refused"), spoiled());
        groups.add(line("b", 0, ONE)).expect("fits");
        assert_eq!(groups.take_open().len(), 1);
    }
}
