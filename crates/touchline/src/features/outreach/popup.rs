//! A window as its author writes it: what it says, when, where and for whom. Pure.

use crate::failure::{Failure, Result};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who is for more segments than these is for everybody.
const SEGMENTS_MAX: usize = 20;

/// Is when a window opens.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "when", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = PopupTrigger)]
pub enum Trigger {
    /// After so long on the page.
    Time {
        /// Seconds, 0 to 3,600.
        seconds: u16,
    },
    /// When so much of the page has been seen.
    Scroll {
        /// Per cent, 1 to 100.
        percent: u8,
    },
    /// When the pointer leaves the page towards its top, as on the way to another one.
    Exit,
}

/// Is a window as its author writes it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPopup {
    /// Its name, for staff and rules of contact.
    pub name: String,
    /// What stands on top.
    pub title: String,
    /// What it says.
    #[serde(default)]
    pub text: String,
    /// What stands on the button; empty: there is none.
    #[serde(default)]
    pub button: String,
    /// Where the button leads: a path of the site, or an address.
    #[serde(default)]
    pub link: String,
    /// When it opens.
    pub trigger: Trigger,
    /// On which pages: beginnings of their paths, such as `/cart`; none: on all.
    #[serde(default)]
    pub pages: Vec<String>,
    /// For whom: segments of the map, by id; none: for everybody. A visitor whom the site has not named by a signed token belongs
    /// to none.
    #[serde(default)]
    pub segments: Vec<String>,
    /// At most so often to one person …
    pub times: u16,
    /// … in so many days.
    pub days: u16,
    /// The touchpoint of the map that it is.
    #[serde(default)]
    pub touchpoint: String,
}

impl NewPopup {
    pub(super) fn check(&self) -> Result<()> {
        let is_word = |text: &str, most: usize| text.len() <= most && !text.chars().any(|sign| sign.is_control() && sign != '\n');
        let texts = [(&self.name, 100), (&self.title, 200), (&self.text, 2_000), (&self.button, 100), (&self.touchpoint, 100)];
        if self.name.trim().is_empty() || self.title.trim().is_empty() || texts.iter().any(|(text, most)| !is_word(text, *most)) {
            let hint = "A name has 100 bytes at most, a title 200, a text 2,000, the words of a button 100";
            return Err(Failure::new("A window needs a name and a title, and no text may be too long").hint(hint));
        }
        if !self.link.is_empty() && !leads_well(&self.link) {
            return Err(
                Failure::new("The button leads nowhere").hint("Write a path such as /offers, or an address with https://")
            );
        }
        if self.pages.len() > 20 || self.pages.iter().any(|page| !page.starts_with('/') || !is_word(page, 200)) {
            return Err(Failure::new("Pages are the beginnings of up to 20 paths").hint("Write /cart, or leave it empty for all"));
        }
        if self.segments.len() > SEGMENTS_MAX || !self.segments.iter().all(|id| !id.is_empty() && is_word(id, 100)) {
            return Err(Failure::new(format!("A window is for at most {SEGMENTS_MAX} segments")));
        }
        if self.times == 0 || self.times > 100 || self.days == 0 || self.days > 366 {
            return Err(Failure::new("A window comes 1 to 100 times in 1 to 366 days").hint("Once in 30 days annoys few"));
        }
        let is_trigger = match self.trigger {
            Trigger::Time { seconds } => seconds <= 3_600,
            Trigger::Scroll { percent } => (1..=100).contains(&percent),
            Trigger::Exit => true,
        };
        if is_trigger { Ok(()) } else { Err(Failure::new("A trigger is 0 to 3,600 seconds, or 1 to 100 per cent of the page")) }
    }

    /// Tells whether it is for a page.
    pub(super) fn is_for(&self, path: &str) -> bool {
        self.pages.is_empty() || self.pages.iter().any(|page| path.starts_with(page.as_str()))
    }
}

/// Tells whether a button may lead there: to a page, and never to a script.
fn leads_well(link: &str) -> bool {
    let is_plain = link.len() <= 2_000 && !link.chars().any(|sign| sign.is_control() || sign.is_whitespace());
    let is_path = link.starts_with('/') && !link.starts_with("//") && !link.contains('\\');
    let is_address = url::Url::parse(link).is_ok_and(|url| ["https", "http"].contains(&url.scheme()) && url.has_host());
    is_plain && (is_path || is_address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn popup() -> NewPopup {
        NewPopup {
            name: "spring".to_owned(),
            title: "Spring is here".to_owned(),
            text: "Ten per cent on seeds".to_owned(),
            button: "Look".to_owned(),
            link: "/seeds".to_owned(),
            trigger: Trigger::Time { seconds: 5 },
            pages: vec!["/cart".to_owned()],
            segments: Vec::new(),
            times: 1,
            days: 30,
            touchpoint: "popup".to_owned(),
        }
    }

    #[test]
    fn what_is_wrong_with_a_window_is_said() {
        popup().check().expect("is good");
        let bad: [fn(&mut NewPopup); 9] = [
            |popup| popup.name.clear(),
            |popup| popup.title = "x".repeat(201),
            |popup| popup.text = "\u{0}".to_owned(),
            |popup| popup.link = "javascript:alert(1)".to_owned(),
            |popup| popup.link = "//elsewhere.example".to_owned(),
            |popup| popup.pages = vec!["cart".to_owned()],
            |popup| popup.segments = vec![String::new()],
            |popup| popup.times = 0,
            |popup| popup.trigger = Trigger::Scroll { percent: 101 },
        ];
        for (at, change) in bad.into_iter().enumerate() {
            let mut popup = popup();
            change(&mut popup);
            assert!(popup.check().is_err(), "{at}");
        }
    }

    #[test]
    fn a_window_is_for_its_pages() {
        let mut popup = popup();
        assert!(popup.is_for("/cart") && popup.is_for("/cart/pay") && !popup.is_for("/"));
        popup.pages.clear();
        assert!(popup.is_for("/anywhere"));
    }
}
