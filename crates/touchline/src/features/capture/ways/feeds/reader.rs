//! Who fetches a feed: the name of the program and for how many people, as far as it tells.

/// A name is a word.
const NAME_MAX: usize = 40;
/// Nobody reads to more people than there are.
const SUBSCRIBERS_MAX: u64 = 10_000_000_000;

/// Is a program that fetches feeds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Reader {
    /// Its name without version, such as `Feedly`; empty where it tells none.
    pub(super) name: String,
    /// For how many people it fetches, where it says so: `Feedly/1.0 (…; 42 subscribers; …)`.
    pub(super) subscribers: Option<u64>,
}

impl Reader {
    /// Reads the header `User-Agent`.
    pub(super) fn of(agent: &str) -> Self {
        let head = agent.split(['/', '(', ';', ' ']).next().unwrap_or_default();
        let plain = |sign: &char| sign.is_ascii_alphanumeric() || "._-".contains(*sign);
        let name: String = head.chars().filter(plain).take(NAME_MAX).collect();
        let words: Vec<&str> = agent.split(|sign: char| !sign.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
        let counted = words.windows(2).find_map(|pair| match pair {
            [number, what] if is_people(what) => number.parse().ok(),
            [what, number] if is_people(what) => number.parse().ok(),
            _ => None,
        });
        Self { name, subscribers: counted.filter(|count| *count <= SUBSCRIBERS_MAX) }
    }
}

fn is_people(word: &str) -> bool {
    ["subscriber", "subscribers", "reader", "readers", "users"].iter().any(|people| word.eq_ignore_ascii_case(people))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(agent: &str, name: &str, subscribers: Option<u64>) {
        assert_eq!(Reader::of(agent), Reader { name: name.to_owned(), subscribers });
    }

    #[test]
    fn readers_tell_their_name_and_their_readers() {
        check("Feedly/1.0 (+http://www.feedly.com/fetcher.html; 42 subscribers; like FeedFetcher-Google)", "Feedly", Some(42));
        check("Feedbin feed-id:1234 - 7 subscribers", "Feedbin", Some(7));
        check("Bloglovin/1.0 (http://www.bloglovin.com; 1 subscriber)", "Bloglovin", Some(1));
        check("NewsBlur Feed Fetcher - 3 subscribers - http://www.newsblur.com/site/1", "NewsBlur", Some(3));
        check("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Thunderbird/140.0", "Mozilla", None);
        check("", "", None);
        check("x; subscribers; y", "x", None);
        check("Big/1 (99999999999999999999 subscribers)", "Big", None);
        check("Odd/1 (99999999999 subscribers)", "Odd", None);
    }
}
