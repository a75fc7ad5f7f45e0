//! A feed as RSS 2.0 with a link to itself (Atom), as validators want it.

use super::{Feed, Publication};
use model::Instant;
use std::fmt::Write;

/// Programs may ask again after so many minutes.
pub(super) const TTL_MIN: u32 = 15;

/// Writes a feed. `origin` is the address of this server.
pub(super) fn document(feed: &Feed, items: &[Publication], origin: &str) -> String {
    let mut xml = String::with_capacity(1_000 + items.len() * 500);
    let own = format!("{origin}/feed/{}.xml", feed.name);
    xml.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\">\n<channel>\n");
    element(&mut xml, "title", &feed.title);
    element(&mut xml, "link", &feed.link);
    element(&mut xml, "description", &feed.description);
    element(&mut xml, "language", &feed.language);
    let _ = writeln!(xml, "<atom:link href=\"{}\" rel=\"self\" type=\"application/rss+xml\"/>", escaped(&own));
    if let Some(newest) = items.first() {
        element(&mut xml, "lastBuildDate", &date(newest.published_at));
    }
    element(&mut xml, "ttl", &TTL_MIN.to_string());
    for item in items {
        xml.push_str("<item>\n");
        element(&mut xml, "title", &item.title);
        let link = format!("{origin}/q/{}", item.code);
        element(&mut xml, "link", &link);
        // The code stays when server or target move, so programs do not show an item as new again.
        let _ = writeln!(xml, "<guid isPermaLink=\"false\">{}</guid>", escaped(&item.code));
        if !item.summary.is_empty() {
            element(&mut xml, "description", &item.summary);
        }
        element(&mut xml, "pubDate", &date(item.published_at));
        xml.push_str("</item>\n");
    }
    xml.push_str("</channel>\n</rss>\n");
    xml
}

fn element(xml: &mut String, name: &str, text: &str) {
    if !text.is_empty() {
        let _ = writeln!(xml, "<{name}>{}</{name}>", escaped(text)); // writing to a String cannot fail
    }
}

/// Writes a text so that it is only text, and only signs that XML may hold.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\t' | '\n' | '\r' => safe.push(sign),
            '\u{fffe}' | '\u{ffff}' => {}
            sign if sign < ' ' => {}
            sign => safe.push(sign),
        }
    }
    safe
}

/// Writes a time as RSS wants it.
fn date(at: Instant) -> String {
    let at = jiff::Timestamp::from_microsecond(at.0).unwrap_or_default();
    at.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::time::SECOND;
    use quick_xml::events::Event;

    fn feed(text: &str) -> String {
        let feed = Feed {
            name: "news".to_owned(),
            title: text.to_owned(),
            link: "https://example.org/?a=1&b=2".to_owned(),
            description: text.to_owned(),
            language: "en".to_owned(),
            touchpoint: String::new(),
            subscribers: 0,
        };
        let item = Publication {
            code: "abc".to_owned(),
            feed: "news".to_owned(),
            title: text.to_owned(),
            summary: text.to_owned(),
            target: "https://example.org/a".to_owned(),
            published_at: Instant(1_764_068_400 * SECOND),
            touchpoint: String::new(),
            withdrawn_at: None,
        };
        document(&feed, &[item], "https://t.example.org")
    }

    /// Collects the texts of all elements of a name.
    fn texts(xml: &str, name: &str) -> Vec<String> {
        let (mut reader, mut inside, mut found) = (quick_xml::Reader::from_str(xml), false, Vec::new());
        loop {
            match reader.read_event().expect("well formed") {
                Event::Start(start) if start.name().as_ref() == name => {
                    inside = true;
                    found.push(String::new());
                }
                Event::End(_) => inside = false,
                Event::Text(text) if inside => found.last_mut().expect("begun").push_str(&text),
                Event::GeneralRef(sign) if inside => {
                    let plain = match &*sign {
                        "amp" => "&",
                        "lt" => "<",
                        "gt" => ">",
                        "quot" => "\"",
                        _ => "?",
                    };
                    found.last_mut().expect("begun").push_str(plain);
                }
                Event::Eof => return found,
                _ => {}
            }
        }
    }

    #[test]
    fn any_text_stays_a_text() {
        let hostile = "</title><script>alert('1')</script> & \"]]>\u{202e}é";
        let xml = feed(&format!("{hostile}\u{0}\u{b}\u{ffff}"));
        assert_eq!(texts(&xml, "title"), [hostile, hostile]);
        assert_eq!(texts(&xml, "description"), [hostile, hostile]);
        assert!(texts(&xml, "script").is_empty());
    }

    #[test]
    fn items_lead_through_their_tag() {
        let xml = feed("News");
        assert_eq!(texts(&xml, "link"), ["https://example.org/?a=1&b=2", "https://t.example.org/q/abc"]);
        assert_eq!(texts(&xml, "pubDate"), ["Tue, 25 Nov 2025 11:00:00 +0000"]);
        assert!(
            xml.contains("<atom:link href=\"https://t.example.org/feed/news.xml\" rel=\"self\" type=\"application/rss+xml\"/>")
        );
    }
}
