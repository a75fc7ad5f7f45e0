//! Texts cut into sentences and words: small letters, accents off, apostrophes apart.
//!
//! | text | words |
//! |---|---|
//! | `It didn’t fit!!` | it, not, fit; two marks |
//! | `C’était très cher.` | c, etait, tres, cher |
//! | `Всё плохо :(` | все, плохо, and one sign of sorrow |
//! | `sooo GOOD` | so (drawn out), good (loud) |
//! | ` ` | – |

/// A text longer than this is cut: nobody reads on, and neither do we.
const TEXT_MAX: usize = 20_000;
/// A word longer than this is none.
const WORD_MAX: usize = 40;

/// Stands for a smile among the words.
pub(super) const GLAD: &str = ":)";
/// Stands for the opposite.
pub(super) const SORRY: &str = ":(";

/// Is a word.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Token {
    /// The word in small letters without accents.
    pub word: String,
    /// Whether it was written in capitals.
    pub is_loud: bool,
    /// Whether its letters were drawn out.
    pub is_drawn: bool,
    /// Whether a comma or the like stood before it.
    pub after_pause: bool,
}

/// Is a sentence.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Sentence {
    /// Its words.
    pub tokens: Vec<Token>,
    /// How many exclamation marks end it.
    pub marks: u8,
}

/// Cuts a text.
pub(super) fn sentences(text: &str) -> Vec<Sentence> {
    let mut end = text.len().min(TEXT_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut cut = Cut::default();
    let mut signs = text[..end].chars().peekable();
    while let Some(sign) = signs.next() {
        match sign {
            letter if letter.is_alphanumeric() => cut.word.push(letter),
            '\'' | '’' | 'ʼ' => cut.apostrophe(signs.peek().copied()),
            ':' | ';' if matches!(signs.peek(), Some(')' | '(' | '-')) => {
                let mouth = signs.next().filter(|mouth| *mouth != '-').or_else(|| signs.next_if(|next| ")(".contains(*next)));
                cut.face(if mouth == Some('(') { SORRY } else { GLAD }, mouth.is_some());
            }
            '!' => {
                cut.close_word();
                cut.now.marks = cut.now.marks.saturating_add(1);
                if signs.peek() != Some(&'!') {
                    cut.close_sentence();
                }
            }
            '.' | '?' | '\n' | '…' | ';' => cut.close_sentence(),
            ',' | '(' | ')' | '–' | '—' | ':' => cut.pause(),
            '😀' | '😁' | '😃' | '😄' | '😊' | '😍' | '🙂' | '👍' | '❤' | '☺' | '🥰' | '👏' | '💯' => {
                cut.face(GLAD, true)
            }
            '😞' | '😠' | '😡' | '😢' | '😭' | '🙁' | '☹' | '👎' | '🤬' | '😤' | '💩' | '😒' => {
                cut.face(SORRY, true)
            }
            _ => cut.close_word(),
        }
    }
    cut.close_sentence();
    cut.done
}

/// Is a text on its way into sentences.
#[derive(Default)]
struct Cut {
    word: String,
    pauses: bool,
    now: Sentence,
    done: Vec<Sentence>,
}

impl Cut {
    /// English joins `not` to a verb; French and English cut the rest.
    fn apostrophe(&mut self, next: Option<char>) {
        let has_not = self.word.ends_with(['n', 'N']) && self.word.chars().count() > 1 && matches!(next, Some('t' | 'T'));
        if has_not {
            self.word = "no".to_owned();
        } else {
            self.close_word();
        }
    }

    fn face(&mut self, face: &str, is_face: bool) {
        self.close_word();
        if is_face {
            self.push(face.to_owned(), false, false);
        }
    }

    fn pause(&mut self) {
        self.close_word();
        self.pauses = true;
    }

    fn push(&mut self, word: String, is_loud: bool, is_drawn: bool) {
        let after_pause = std::mem::take(&mut self.pauses);
        self.now.tokens.push(Token { word, is_loud, is_drawn, after_pause });
    }

    fn close_word(&mut self) {
        let written = std::mem::take(&mut self.word);
        if written.is_empty() {
            return;
        }
        let letters = written.chars().filter(|letter| letter.is_alphabetic()).count();
        let is_loud = letters >= 3 && !written.chars().any(char::is_lowercase);
        let (word, is_drawn) = fold(&written);
        // Of marks that stand upon no letter nothing is left.
        if !word.is_empty() && word.chars().count() <= WORD_MAX {
            self.push(word, is_loud, is_drawn);
        }
    }

    fn close_sentence(&mut self) {
        self.close_word();
        self.pauses = false;
        let sentence = std::mem::take(&mut self.now);
        if !sentence.tokens.is_empty() {
            self.done.push(sentence);
        } else if let Some(last) = self.done.last_mut() {
            last.marks = last.marks.saturating_add(sentence.marks);
        }
    }
}

/// Returns a word in small letters without accents, and whether it was drawn out: three equal letters or more are two, or one where the
/// word ends with them.
fn fold(written: &str) -> (String, bool) {
    let mut folded = String::with_capacity(written.len());
    for letter in written.chars().flat_map(char::to_lowercase) {
        match letter {
            'à' | 'â' | 'ä' | 'á' => folded.push('a'),
            'é' | 'è' | 'ê' | 'ë' => folded.push('e'),
            'î' | 'ï' | 'í' => folded.push('i'),
            'ô' | 'ö' | 'ó' => folded.push('o'),
            'ù' | 'û' | 'ü' | 'ú' => folded.push('u'),
            'ç' => folded.push('c'),
            'ÿ' => folded.push('y'),
            'ñ' => folded.push('n'),
            'œ' => folded.push_str("oe"),
            'æ' => folded.push_str("ae"),
            'ё' => folded.push('е'),
            // Accents that stand by themselves.
            '\u{300}'..='\u{36f}' => {}
            other => folded.push(other),
        }
    }
    let signs: Vec<char> = folded.chars().collect();
    let runs = || signs.chunk_by(|one, other| one == other && one.is_alphabetic());
    if runs().all(|run| run.len() < 3) {
        return (folded, false);
    }
    let last = runs().count() - 1;
    let keep = |(at, run): (usize, &[char])| {
        let most = match run.len() {
            0..3 => run.len(),
            _ if at == last => 1,
            // `sooo` and `goood`: English doubles o and e inside a word.
            _ if ['o', 'e'].contains(&run[0]) && at > 0 => 2,
            _ => 1,
        };
        run[..most].iter().collect::<String>()
    };
    (runs().enumerate().map(keep).collect(), true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, words: &[&str]) -> Vec<Sentence> {
        let cut = sentences(text);
        let found: Vec<&str> = cut.iter().flat_map(|sentence| &sentence.tokens).map(|token| token.word.as_str()).collect();
        assert_eq!(found, words, "{text}");
        cut
    }

    #[test]
    fn the_table_above() {
        assert_eq!(check("It didn’t fit!!", &["it", "not", "fit"])[0].marks, 2);
        check("C’était très cher.", &["c", "etait", "tres", "cher"]);
        check("Всё плохо :(", &["все", "плохо", SORRY]);
        let drawn = check("sooo GOOD", &["so", "good"]);
        assert!(drawn[0].tokens[0].is_drawn && drawn[0].tokens[1].is_loud);
        check(" ", &[]);
    }

    #[test]
    fn sentences_and_pauses() {
        let cut = check("Small, but ok. Come again", &["small", "but", "ok", "come", "again"]);
        assert_eq!((cut.len(), cut[0].tokens[1].after_pause, cut[0].tokens[2].after_pause), (2, true, false));
        check("gooood l'été — cœur", &["good", "l", "ete", "coeur"]);
        check("thanks :-) 👍", &["thanks", GLAD, GLAD]);
        check("\u{363}: fine", &["fine"]);
    }

    proptest! {
        #[test]
        fn any_text_is_cut(text in ".{0,300}") {
            for token in sentences(&text).iter().flat_map(|sentence| &sentence.tokens) {
                prop_assert!(!token.word.is_empty() && token.word.chars().count() <= WORD_MAX);
            }
        }
    }
}
