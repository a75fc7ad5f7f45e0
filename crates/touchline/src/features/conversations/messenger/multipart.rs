//! Writing forms that hold a file (RFC 7578), as the servers of messengers take them.

use super::adapter::Enclosed;
use crate::platform::calls::Call;

/// Is a form that is being written.
pub(super) struct Form {
    boundary: String,
    body: Vec<u8>,
}

impl Form {
    /// Begins one. The boundary is a hash of what names the message: nobody who sends a file can know it beforehand, for the place of
    /// a message is ours to give.
    pub(super) fn new(id: &str) -> Self {
        let boundary = format!("touchline-{}", &blake3::hash(id.as_bytes()).to_hex()[..40]);
        Self { boundary, body: Vec::new() }
    }

    /// Adds a field.
    pub(super) fn field(&mut self, name: &str, value: &str) {
        self.part(&format!("name=\"{name}\""), None, value.as_bytes());
    }

    /// Adds a file.
    pub(super) fn file(&mut self, name: &str, file: &Enclosed) {
        // As browsers write it: quotes and ends of line would end the name.
        let called = file.name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A");
        self.part(&format!("name=\"{name}\"; filename=\"{called}\""), Some(&file.kind), &file.bytes);
    }

    fn part(&mut self, disposition: &str, kind: Option<&str>, value: &[u8]) {
        let kind = kind.map_or_else(String::new, |kind| format!("Content-Type: {kind}\r\n"));
        let head = format!("--{}\r\nContent-Disposition: form-data; {disposition}\r\n{kind}\r\n", self.boundary);
        self.body.extend_from_slice(head.as_bytes());
        self.body.extend_from_slice(value);
        self.body.extend_from_slice(b"\r\n");
    }

    /// Ends it. Where it goes to is said by whoever sends it.
    pub(super) fn into_call(mut self) -> Call {
        self.body.extend_from_slice(format!("--{}--\r\n", self.boundary).as_bytes());
        let kind = format!("multipart/form-data; boundary={}", self.boundary);
        Call { method: "POST", url: String::new(), headers: vec![("content-type".to_owned(), kind)], body: self.body }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_written_as_browsers_write_it() {
        let mut form = Form::new("c:1");
        let boundary = form.boundary.clone();
        form.field("chat_id", "7");
        let bytes = b"%PDF-1.4".to_vec();
        form.file(
            "document",
            &Enclosed { name: "a\"\r\nb.pdf".to_owned(), kind: "application/pdf".to_owned(), bytes, media: None },
        );
        let call = form.into_call();
        let expected = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"chat_id\"\r\n\r\n7\r\n--{boundary}\r\nContent-Disposition: form-data; \
             name=\"document\"; filename=\"a%22%0D%0Ab.pdf\"\r\nContent-Type: application/pdf\r\n\r\n%PDF-1.4\r\n--{boundary}--\r\n"
        );
        assert_eq!(String::from_utf8(call.body).expect("is text"), expected);
        assert_eq!(call.headers, [("content-type".to_owned(), format!("multipart/form-data; boundary={boundary}"))]);
    }
}
