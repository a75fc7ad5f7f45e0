//! Reviews as a file: taken in from other programs, and carried out.
//!
//! Rows that can be read are taken, whatever the others are. A review has the id that the file gives it, or one that follows from what
//! it says, so that the same file twice adds nothing.

use super::Feedback;
use super::in_inbox::nobody_of_us;
use super::reviews::Written;
use super::room::{WORDS_MAX, failed};
use super::table::{Column, Fault, FileReport, Row, moment, read, write, written};
use crate::failure::Result;
use crate::features::conversations::Reader;
use crate::platform::cells::unguarded;
use model::Instant;
use model::time::DAY;
use std::collections::BTreeSet;

/// So many reviews are carried out at once, the newest.
const CARRIED_MAX: i64 = 100_000;
/// A review of a file that is older than this is not put into the inbox: whoever wrote it waits for nothing any more.
const ANSWERED_WITHIN: i64 = 30 * DAY;
/// So many rows show how a file is understood.
const SAMPLE: usize = 5;

const COLUMNS: [Column; 8] = [
    Column {
        name: "stars",
        also: &["rating", "score", "note", "étoiles", "etoiles", "оценка", "звёзды", "звезды", "рейтинг"],
        is_needed: true,
    },
    Column {
        name: "words",
        also: &["text", "review", "comment", "body", "avis", "texte", "commentaire", "текст", "отзыв"],
        is_needed: false,
    },
    Column { name: "name", also: &["author", "reviewer", "customer", "nom", "auteur", "имя", "автор"], is_needed: false },
    Column { name: "product", also: &["item", "produit", "товар", "продукт"], is_needed: false },
    Column { name: "date", also: &["at", "time", "created", "created_at", "published", "дата"], is_needed: false },
    Column { name: "state", also: &["status", "état", "etat", "состояние"], is_needed: false },
    Column { name: "reply", also: &["answer", "response", "réponse", "reponse", "ответ"], is_needed: false },
    Column { name: "id", also: &["review_id", "номер"], is_needed: false },
];
const NAMES: [&str; 8] = ["id", "product", "stars", "name", "words", "date", "state", "reply"];

/// Is a review as a row says it.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Brought {
    id: String,
    product: String,
    stars: i16,
    name: String,
    words: String,
    at: Option<Instant>,
    state: &'static str,
    reply: String,
}

impl Feedback {
    /// Reads a file of reviews, and takes them if wanted. Those that name no state are published if wanted, or wait.
    ///
    /// # Errors
    /// Fails when the file is no table, or a store fails; the same file may come again.
    pub async fn bring_reviews(&self, file: &[u8], is_published: bool, apply: bool) -> Result<FileReport> {
        let (good, faults) = understood(file, if is_published { "published" } else { "pending" })?;
        let sample = good.iter().take(SAMPLE).map(cells).collect();
        let mut report = FileReport::of(good.len(), faults, sample);
        let sql = "SELECT id FROM review";
        let here: Vec<String> = sqlx::query_scalar(sql).fetch_all(self.state.reader()).await.map_err(failed)?;
        let mut here: BTreeSet<String> = here.into_iter().collect();
        for one in &good {
            // Told twice in one file it is one review too.
            let is_known = !here.insert(one.id.clone());
            report.known += u64::from(is_known);
            if apply {
                self.bring_review(one, is_known).await?;
            }
        }
        report.applied = apply;
        Ok(report)
    }

    async fn bring_review(&self, one: &Brought, is_known: bool) -> Result<()> {
        let Brought { id, product, stars, name, words, at, state, reply } = one;
        let in_inbox = is_to_be_answered(one, self.now());
        self.review(&Written { id, product, stars: *stars, name, words, at: *at, in_inbox }).await?;
        // What staff decided about a known one since then stands.
        if !is_known {
            self.moderate(id, state, Some(reply.as_str()).filter(|reply| !reply.is_empty()), &nobody_of_us()).await?;
        }
        Ok(())
    }

    /// Writes all reviews as a file, which [`Self::bring_reviews`] reads.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn carry_reviews(&self, reader: Reader) -> Result<String> {
        let all = self.in_sight(reader, self.reviews_up_to("", None, CARRIED_MAX).await?).await?;
        let rows = all.into_iter().map(|one| {
            let words = one.words.unwrap_or_default();
            vec![one.id, one.product, one.stars.to_string(), one.name, words, written(one.at), one.state, one.reply]
        });
        write(&NAMES, rows)
    }
}

/// Tells whether a review of a file waits for an answer: nobody has answered or rejected it, and it is known to be recent.
fn is_to_be_answered(one: &Brought, now: Instant) -> bool {
    let is_recent = one.at.is_some_and(|at| at.0 <= now.0 && at.0 > now.0 - ANSWERED_WITHIN);
    is_recent && one.reply.is_empty() && one.state != "rejected"
}

fn cells(one: &Brought) -> Vec<String> {
    let date = one.at.map_or_else(String::new, |at| written(at.0));
    let texts = [&one.id, &one.product, &one.stars.to_string(), &one.name, &one.words, &date, one.state, &one.reply];
    texts.into_iter().map(|text| text.chars().take(120).collect()).collect()
}

fn understood(file: &[u8], usual: &'static str) -> Result<(Vec<Brought>, Vec<Fault>)> {
    let (rows, mut faults) = read(file, &COLUMNS)?;
    let mut good = Vec::new();
    for row in &rows {
        match review(row, usual) {
            Ok(one) => good.push(one),
            Err(fault) => faults.push(fault),
        }
    }
    faults.sort_by_key(|fault| fault.line);
    Ok((good, faults))
}

fn review(row: &Row, usual: &'static str) -> Result<Brought, Fault> {
    let cell = |at: usize| unguarded(row.cell(at));
    let fault = |column: &str, what: &str, found: &str| Fault::new(row.line, column, what, found);
    let stars = stars(cell(0)).ok_or_else(|| fault("stars", "stars", cell(0)))?;
    let (words, name, product, id, reply) = (cell(1), cell(2), cell(3), cell(7), cell(6));
    for (column, text, most) in [
        ("words", words, WORDS_MAX),
        ("name", name, 200),
        ("product", product, 100),
        ("id", id, 100),
        ("reply", reply, WORDS_MAX),
    ] {
        if text.len() > most {
            return Err(fault(column, "too_long", text));
        }
    }
    let at = match cell(4) {
        "" => None,
        text => Some(moment(text).ok_or_else(|| fault("date", "date", text))?),
    };
    let state = match cell(5).to_lowercase().as_str() {
        "" => usual,
        "pending" | "waits" | "en attente" | "ждёт" => "pending",
        "published" | "approved" | "publié" | "опубликован" => "published",
        "rejected" | "refusé" | "отклонён" => "rejected",
        _ => return Err(fault("state", "state", cell(5))),
    };
    let is_plain = |id: &str| !id.is_empty() && id.bytes().all(|sign| sign.is_ascii_alphanumeric() || b"-_.:".contains(&sign));
    let id = if is_plain(id) { id.to_owned() } else { id_of(&[id, cell(0), words, name, product, cell(4)]) };
    let text = |text: &str| text.to_owned();
    Ok(Brought { id, product: text(product), stars, name: text(name), words: text(words), at, state, reply: text(reply) })
}

/// Returns an id that follows from what something says.
pub(super) fn id_of(parts: &[&str]) -> String {
    let mut hash = blake3::Hasher::new();
    for part in parts {
        hash.update(&(part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().to_hex()[..32].to_owned()
}

/// Reads stars: `4`, `4.0`, `4/5`, `★★★★☆`.
pub(super) fn stars(text: &str) -> Option<i16> {
    let drawn = text.chars().filter(|sign| *sign == '★').count();
    if drawn > 0 {
        let is_drawn = text.chars().all(|sign| ['★', '☆', '\u{fe0f}'].contains(&sign));
        return i16::try_from(drawn).ok().filter(|stars| is_drawn && *stars <= 5);
    }
    let number = text.strip_suffix("/5").unwrap_or(text).trim().replace(',', ".");
    // Halves are nobody's answer on this scale: rather a fault than a guess.
    let value: f64 = number.parse().ok()?;
    (value.fract() == 0.0 && (1.0..=5.0).contains(&value)).then_some(value as i16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_are_read_as_people_write_them() {
        for (text, expected) in [("4", 4), ("5.0", 5), ("3/5", 3), ("2,0", 2), ("★★★★☆", 4), ("★", 1)] {
            assert_eq!(stars(text), Some(expected), "{text}");
        }
        for text in ["", "0", "6", "4.5", "five", "★★★★★★", "★ x", "NaN", "1e9"] {
            assert_eq!(stars(text), None, "{text}");
        }
    }

    #[test]
    fn good_rows_stand_beside_wrong_ones_which_are_told_by_line() {
        let file = "Rating;Avis;Nom;date;state\n5;Bon;Zoë;2026-01-02;\n9;x;y;;\n4;ok;;soon;\n3;'=SUM(A1);Ann;;published\n2;x;y;;perhaps\n";
        let (good, faults) = understood(file.as_bytes(), "pending").expect("is a table");
        assert_eq!(good.iter().map(|one| (one.stars, one.state)).collect::<Vec<_>>(), [(5, "pending"), (3, "published")]);
        assert_eq!(good[1].words, "=SUM(A1)");
        let told: Vec<_> = faults.iter().map(|fault| (fault.line, fault.what.as_str())).collect();
        assert_eq!(told, [(3, "stars"), (4, "date"), (6, "state")]);
        assert!(good[0].id != good[1].id && good[0].id.len() == 32);
        let (again, _) = understood(file.as_bytes(), "pending").expect("is a table");
        assert_eq!(again, good, "the same file says the same");
    }
}
