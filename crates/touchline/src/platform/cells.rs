//! Cells of tables that spreadsheets open: what they would take for a formula gets an apostrophe in front, and loses it when the
//! table is read again. Whatever was written comes back as it was, cells with apostrophes of their own included.

use std::borrow::Cow;

/// The signs with which a formula begins.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Makes a cell harmless for spreadsheets.
#[must_use]
pub fn guarded(cell: &str) -> Cow<'_, str> {
    let is_like_one = cell.trim_start_matches('\'').starts_with(FORMULA);
    if is_like_one { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// Makes a cell harmless, but leaves numbers and telephone numbers as they are: in a table of data they are to stay numbers.
#[must_use]
pub fn guarded_unless_number(cell: &str) -> Cow<'_, str> {
    let is_number = cell.chars().all(|sign| sign.is_ascii_digit() || "+-.,() ".contains(sign));
    if is_number { Cow::Borrowed(cell) } else { guarded(cell) }
}

/// Returns a cell as it was before it was made harmless.
#[must_use]
pub fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.trim_start_matches('\'').starts_with(FORMULA) => rest,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_becomes_a_formula_and_every_cell_comes_back() {
        for (cell, written) in [
            ("=HYPERLINK(\"http://x\")", "'=HYPERLINK(\"http://x\")"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("+1+cmd|' /C calc'!A0", "'+1+cmd|' /C calc'!A0"),
            ("-2+3+cmd", "'-2+3+cmd"),
            ("\t=1", "'\t=1"),
            ("'-5", "''-5"),
            ("'=a", "''=a"),
            ("'tis", "'tis"),
            ("a=b", "a=b"),
            ("", ""),
        ] {
            assert_eq!(guarded(cell), written);
            assert_eq!(guarded_unless_number(cell), written);
            assert_eq!(unguarded(&guarded(cell)), cell);
        }
    }

    #[test]
    fn numbers_stay_numbers_where_they_are_data() {
        for (cell, written) in [("-12,50", "'-12,50"), ("+33 6 12 34", "'+33 6 12 34")] {
            assert_eq!(guarded_unless_number(cell), cell);
            assert_eq!(guarded(cell), written);
            assert_eq!(unguarded(written), cell);
        }
    }
}
