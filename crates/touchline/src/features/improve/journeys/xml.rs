//! A small lenient look at XML: elements with names, attributes, text and children, namespaces and prefixes left out.
//! Entities that a document defines itself are not known, so no file can make a small text large.

use crate::failure::{Failure, Result};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// Is how deep elements may stand in each other.
const DEPTH_MAX: usize = 64;

/// Is one element.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) text: String,
    pub(super) children: Vec<Element>,
}

impl Element {
    /// Returns the elements of a name at any depth, in the order of the file; case does not matter.
    pub(super) fn all<'a>(&'a self, wanted: &dyn Fn(&str) -> bool, found: &mut Vec<&'a Self>) {
        for child in &self.children {
            if wanted(&child.name.to_ascii_lowercase()) {
                found.push(child);
            } else {
                child.all(wanted, found);
            }
        }
    }

    /// Returns the text of the first element of one of these names inside it.
    pub(super) fn say(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| {
            let mut found = Vec::new();
            self.all(&|known| known == *name, &mut found);
            found.iter().map(|element| element.text.trim()).find(|text| !text.is_empty()).map(str::to_owned)
        })
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// Reads a document.
pub(super) fn read(text: &str) -> Result<Element> {
    let torn = |what: String| Failure::new("The file is not XML").hint(what);
    let mut reader = Reader::from_str(text);
    let mut open = vec![Element::default()];
    loop {
        match reader.read_event() {
            Err(error) => return Err(torn(format!("{error} at byte {}", reader.buffer_position()))),
            Ok(Event::Eof) => break,
            Ok(Event::Start(start)) => {
                if open.len() > DEPTH_MAX {
                    return Err(torn(format!("Elements stand more than {DEPTH_MAX} deep in each other")));
                }
                open.push(element(&start));
            }
            Ok(Event::Empty(start)) => {
                if let Some(last) = open.last_mut() {
                    last.children.push(element(&start));
                }
            }
            Ok(Event::End(_)) => {
                let ended = open.pop().unwrap_or_default();
                match open.last_mut() {
                    Some(last) => last.children.push(ended),
                    None => return Err(torn("An element ends that never began".to_owned())),
                }
            }
            Ok(Event::Text(text)) => {
                if let Some(last) = open.last_mut() {
                    last.text.push_str(&text);
                }
            }
            Ok(Event::CData(text)) => {
                if let Some(last) = open.last_mut() {
                    last.text.push_str(&text);
                }
            }
            Ok(Event::GeneralRef(name)) => {
                if let Some(last) = open.last_mut() {
                    last.text.push_str(entity(&name).unwrap_or_default().as_str());
                }
            }
            Ok(_) => {}
        }
    }
    let mut root = open.swap_remove(0);
    if root.children.is_empty() {
        return Err(torn("There is no element in it".to_owned()));
    }
    root.name = "document".to_owned();
    Ok(root)
}

fn element(start: &BytesStart<'_>) -> Element {
    let mut attributes = Vec::new();
    for attribute in start.attributes().with_checks(false).flatten() {
        attributes.push((attribute.key.local_name().as_ref().to_owned(), unescaped(&attribute.value)));
    }
    Element { name: start.local_name().as_ref().to_owned(), attributes, ..Element::default() }
}

fn entity(name: &str) -> Option<String> {
    let known = match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let number = name.strip_prefix('#')?;
            let number = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(number.ok()?)?
        }
    };
    Some(known.to_string())
}

fn unescaped(text: &str) -> String {
    let mut parts = text.split('&');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once(';').and_then(|(name, rest)| Some((entity(name)?, rest))) {
            Some((sign, rest)) => {
                out.push_str(&sign);
                out.push_str(rest);
            }
            None => {
                out.push('&');
                out.push_str(part);
            }
        }
    }
    out
}

/// Writes a text so that it may stand in an element or an attribute.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            // What XML 1.0 cannot hold at all.
            sign if sign < ' ' && !"\t\n\r".contains(sign) => out.push('\u{fffd}'),
            sign => out.push(sign),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let text = "<a:x k=\"1 &amp; &#50;\"><y>one &lt; two</y><Y/><z><y><![CDATA[& raw]]></y></z></a:x>";
        let document = read(text).expect("is XML");
        let root = &document.children[0];
        assert_eq!((root.name.as_str(), root.attribute("K")), ("x", Some("1 & 2")));
        let mut found = Vec::new();
        root.all(&|name| name == "y", &mut found);
        assert_eq!(found.iter().map(|element| element.text.as_str()).collect::<Vec<_>>(), ["one < two", "", "& raw"]);
        assert_eq!(unescaped(&escaped("a < b & \"c\"")), "a < b & \"c\"");
    }

    #[test]
    fn what_is_no_xml_is_refused() {
        for text in ["", "plain", "<a><b></a>", "<a"] {
            assert!(read(text).is_err(), "{text}");
        }
        let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbb\">]><a>&b;&b;</a>";
        assert_eq!(read(bomb).expect("reads").children[0].text, "");
        assert!(read(&"<a>".repeat(100)).is_err());
    }
}
