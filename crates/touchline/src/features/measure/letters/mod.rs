//! What this room writes to members: numbers and sentences in their language, as plain text and as simple HTML.

mod words;
mod numbers;

pub(super) use numbers::Speaker;

use crate::features::conversations::{Language, escaped};

/// Is a letter as it grows: paragraphs, lists, and one link at its end.
pub(super) struct Sheet {
    language: Language,
    text: String,
    html: String,
}

impl Sheet {
    pub(super) const fn new(language: Language) -> Self {
        Self { language, text: String::new(), html: String::new() }
    }

    pub(super) fn heading(&mut self, words: &str) {
        self.text.push_str(&format!("{words}\n{}\n\n", "-".repeat(words.chars().count().min(60))));
        self.html.push_str(&format!("<h2>{}</h2>", escaped(words)));
    }

    pub(super) fn paragraph(&mut self, words: &str) {
        self.text.push_str(&format!("{words}\n\n"));
        self.html.push_str(&format!("<p>{}</p>", escaped(words)));
    }

    pub(super) fn list(&mut self, points: &[String]) {
        for point in points {
            self.text.push_str(&format!("- {point}\n"));
        }
        self.text.push('\n');
        let points: String = points.iter().map(|point| format!("<li>{}</li>", escaped(point))).collect();
        self.html.push_str(&format!("<ul>{points}</ul>"));
    }

    pub(super) fn link(&mut self, words: &str, address: &str) {
        self.text.push_str(&format!("{words}: {address}\n\n"));
        self.html.push_str(&format!("<p><a href=\"{}\">{}</a></p>", escaped(address), escaped(words)));
    }

    /// Ends the letter: returns it as plain text, and as a page under a title.
    pub(super) fn end(self, title: &str) -> (String, String) {
        let page = format!(
            "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\"><title>{}</title></head>\
             <body style=\"font-family: sans-serif; line-height: 1.5; max-width: 40em\">{}</body></html>",
            self.language.code(),
            escaped(title),
            self.html
        );
        (self.text.trim_end().to_owned() + "\n", page)
    }
}
