//! Text encodings: found by a byte order mark, by what is valid, or by which letters make sense; read as UTF-8.

use crate::fail;
use crate::failure::Failure;
use encoding_rs::{CoderResult, Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1251, WINDOWS_1252};
use std::io::{self, BufRead, Read};

/// Chooses the encoding: a byte order mark is stronger than what the mapping says, which is stronger than a guess.
pub(super) fn choose(label: Option<&str>, sample: &[u8]) -> Result<&'static Encoding, Failure> {
    match (Encoding::for_bom(sample), label) {
        (None, Some(label)) => by_label(label),
        _ => Ok(detect(sample)),
    }
}

/// Finds an encoding by the label in a mapping.
fn by_label(label: &str) -> Result<&'static Encoding, Failure> {
    Encoding::for_label(label.as_bytes()).ok_or_else(|| {
        fail!(
            encoding_unknown,
            "`{encoding}` is not an encoding",
            "Use utf-8, utf-16le, utf-16be, windows-1252, windows-1251 or another label of the WHATWG list",
            encoding = label
        )
    })
}

/// Tells the encoding of a sample of text.
fn detect(sample: &[u8]) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(sample) {
        return encoding;
    }
    // ASCII in UTF-16 has a zero in every other byte; no other text has zeros.
    let zeros = |offset: usize| sample.iter().skip(offset).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    if odd > 4 * even && odd * 10 > sample.len() {
        return UTF_16LE;
    }
    if even > 4 * odd && even * 10 > sample.len() {
        return UTF_16BE;
    }
    if is_utf8_so_far(sample) {
        return UTF_8;
    }
    if looks_cyrillic(sample) { WINDOWS_1251 } else { WINDOWS_1252 }
}

/// Decodes a whole file of text, by its mark or by what its letters say.
#[must_use]
pub fn decoded(file: &[u8]) -> String {
    detect(file).decode(file).0.into_owned()
}

/// Decodes the first kilobytes to tell kinds of text apart; `None` for what is no text at all.
pub(super) fn peek(sample: &[u8]) -> Option<String> {
    let head = &sample[..sample.len().min(8192)];
    let encoding = detect(head);
    let text = encoding.decode(head).0.into_owned();
    let odd = text.chars().filter(|c| c.is_control() && !matches!(c, '\t' | '\r' | '\n')).count();
    // A few control characters occur in chat logs; a zero, or many of them, in no text.
    (!text.contains('\0') && odd * 10 <= text.chars().count()).then_some(text)
}

/// Tells whether a sample, which may end in the middle of a letter, is UTF-8.
fn is_utf8_so_far(sample: &[u8]) -> bool {
    match std::str::from_utf8(sample) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none() && error.valid_up_to() + 4 > sample.len(),
    }
}

/// In Russian whole words consist of high bytes; in western languages accents stand alone between plain letters.
fn looks_cyrillic(sample: &[u8]) -> bool {
    let high = |byte: &u8| *byte >= 0xc0 || matches!(byte, 0xa8 | 0xb8);
    let neighbours = sample.windows(2).filter(|pair| pair.iter().all(high)).count();
    neighbours * 2 > sample.iter().filter(|byte| high(byte)).count()
}

/// Reads text of any encoding as UTF-8. What is malformed becomes U+FFFD and is counted.
pub(super) struct Utf8<R> {
    inner: R,
    /// `None`: the stream is said to be UTF-8 and passes as it is.
    decoder: Option<Decoder>,
    pending: Vec<u8>,
    given: usize,
    ended: bool,
}

impl<R: BufRead> Utf8<R> {
    /// Wraps a stream, taking away its byte order mark.
    pub(super) fn new(mut inner: R, encoding: &'static Encoding) -> io::Result<Self> {
        if encoding == UTF_8 {
            if inner.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
                inner.consume(3);
            }
            return Ok(Self { inner, decoder: None, pending: Vec::new(), given: 0, ended: false });
        }
        Ok(Self { inner, decoder: Some(encoding.new_decoder_with_bom_removal()), pending: Vec::new(), given: 0, ended: false })
    }
}

impl<R: BufRead> Read for Utf8<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(decoder) = &mut self.decoder else {
            return self.inner.read(buffer);
        };
        while self.given == self.pending.len() && !self.ended {
            let source = self.inner.fill_buf()?;
            let length = source.len();
            self.ended = length == 0;
            self.pending.resize(decoder.max_utf8_buffer_length(length).unwrap_or(length * 4 + 16), 0);
            let (result, read, written, _) = decoder.decode_to_utf8(source, &mut self.pending, self.ended);
            debug_assert!(matches!(result, CoderResult::InputEmpty), "the buffer holds all of it");
            self.pending.truncate(written);
            self.given = 0;
            self.inner.consume(read);
        }
        let piece = buffer.len().min(self.pending.len() - self.given);
        buffer[..piece].copy_from_slice(&self.pending[self.given..self.given + piece]);
        self.given += piece;
        Ok(piece)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: &'static Encoding, text: &str) {
        assert_eq!(detect(bytes), expected, "{text}");
        let mut read = String::new();
        Utf8::new(bytes, expected).and_then(|mut stream| stream.read_to_string(&mut read)).expect("readable");
        assert_eq!(read, text);
    }

    #[test]
    fn encodings_are_found_and_read() {
        check(b"plain", UTF_8, "plain");
        check(b"\xef\xbb\xbfmark", UTF_8, "mark");
        check("né, Москва".as_bytes(), UTF_8, "né, Москва");
        check(b"a;caf\xe9;d\xe9j\xe0 vu", WINDOWS_1252, "a;café;déjà vu");
        check(b"\xcc\xee\xf1\xea\xe2\xe0;\xe7\xe2\xee\xed\xee\xea", WINDOWS_1251, "Москва;звонок");
        check(b"\xff\xfea\0;\0\x4f\x04", UTF_16LE, "a;я");
        check(b"\xfe\xff\0a\0;\x04\x4f", UTF_16BE, "a;я");
        check(b"n\0a\0m\0e\0", UTF_16LE, "name");
    }

    #[test]
    fn a_letter_cut_by_the_sample_is_no_error() {
        let text = "é".as_bytes();
        assert_eq!(detect(&text[..1]), UTF_8);
    }

    #[test]
    fn unknown_labels_are_refused() {
        assert!(by_label("windows-1251").is_ok());
        assert!(by_label("klingon").is_err());
    }
}
