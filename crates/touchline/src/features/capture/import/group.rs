//! Many rows, one interaction: the lines of an invoice.
//!
//! Rows of a group may stand anywhere in the file, so every open group is held in memory: about 250 bytes
//! each, up to a limit. A file in which they follow each other can say so (`sorted = true`) and holds one.

use super::draft::Draft;
use super::plan::Reason;
use std::collections::HashMap;

/// So many groups may be open at once: about a gigabyte at the most.
const OPEN: usize = 4_000_000;

/// Holds the groups that are not finished.
#[derive(Debug)]
pub(super) struct Groups {
    sorted: bool,
    index: HashMap<Box<[u8]>, u32>,
    open: Vec<Draft>,
}

impl Groups {
    pub(super) fn new(sorted: bool) -> Self {
        Self { sorted, index: HashMap::new(), open: Vec::new() }
    }

    /// Adds a row; returns a group that it finished.
    pub(super) fn add(&mut self, draft: Draft) -> Result<Option<Draft>, Reason> {
        if self.sorted {
            return self.add_next(draft);
        }
        if let Some(number) = self.index.get(&draft.key) {
            return self.open[*number as usize].absorb(draft).map(|()| None);
        }
        if self.open.len() >= OPEN {
            return Err(format!("more than {OPEN} groups: sort the file by the group's columns and set `sorted = true` under [group]"));
        }
        self.index.insert(draft.key.clone(), self.open.len() as u32);
        self.open.push(draft);
        Ok(None)
    }

    fn add_next(&mut self, draft: Draft) -> Result<Option<Draft>, Reason> {
        if let Some(last) = self.open.last_mut()
            && last.key == draft.key
        {
            return last.absorb(draft).map(|()| None);
        }
        let finished = self.open.pop();
        self.open.push(draft);
        Ok(finished)
    }

    /// Returns the groups still open, in the order of their first rows.
    pub(super) fn finish(self) -> Vec<Draft> {
        self.open
    }
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
        let mut groups = Groups::new(sorted);
        let mut found = Vec::new();
        for (key, at, amount) in rows {
            found.extend(groups.add(line(key, *at, *amount)).expect("fits"));
        }
        found.extend(groups.finish());
        let found: Vec<_> =
            found.iter().map(|draft| (std::str::from_utf8(&draft.key).expect("text"), draft.at.0, draft.value.expect("a value"))).collect();
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
        let mut groups = Groups::new(false);
        groups.add(line("a", 0, ONE)).expect("fits");
        let yen = Draft { currency: Currency::parse("JPY").ok(), ..line("a", 0, ONE) };
        assert!(groups.add(yen).is_err());
    }
}
