//! Mails that programs stumble over, written for the purpose, each with what a reader must make of it. Used by the tests of
//! the reader and by those of the whole road.
#![allow(dead_code, reason = "not every test looks at everything")]

/// Is one of them.
pub(crate) struct Nasty {
    /// What is wrong with it.
    pub(crate) name: &'static str,
    /// The mail.
    pub(crate) raw: Vec<u8>,
    /// The sender that a reader finds.
    pub(crate) from: &'static str,
    /// What its subject holds.
    pub(crate) subject: &'static str,
    /// What its text holds.
    pub(crate) text: &'static str,
    /// The names of the files in it.
    pub(crate) files: &'static [&'static str],
    /// Whether a reader has to say that something could not be read.
    pub(crate) is_broken: bool,
}

const ANN: &str = "ann@example.org";

impl Nasty {
    fn new(name: &'static str, raw: impl Into<Vec<u8>>) -> Self {
        Self { name, raw: raw.into(), from: ANN, subject: "", text: "", files: &[], is_broken: false }
    }

    /// Is one with an ordinary head, then these headers and this body.
    fn with(name: &'static str, headers: &str, body: &[u8]) -> Self {
        let head = format!("From: Ann <{ANN}>\r\nTo: help@shop.example.org\r\nSubject: Hello\r\n{headers}\r\n");
        Self { subject: "Hello", ..Self::new(name, [head.as_bytes(), body].concat()) }
    }

    /// Is one in a set of characters.
    fn in_charset(charset: &str, name: &'static str, body: &[u8], text: &'static str) -> Self {
        Self::with(name, &format!("Content-Type: text/plain; charset={charset}\r\n"), body).says(text)
    }

    /// Is one of parts between the boundary `b`.
    fn of_parts(name: &'static str, kind: &str, parts: &str) -> Self {
        let headers = format!("MIME-Version: 1.0\r\nContent-Type: multipart/{kind}; boundary=b\r\n");
        Self::with(name, &headers, parts.as_bytes())
    }

    fn says(self, text: &'static str) -> Self {
        Self { text, ..self }
    }

    fn about(self, subject: &'static str) -> Self {
        Self { subject, ..self }
    }

    fn from(self, from: &'static str) -> Self {
        Self { from, ..self }
    }

    fn holds(self, files: &'static [&'static str]) -> Self {
        Self { files, ..self }
    }

    fn broken(self) -> Self {
        Self { is_broken: true, ..self }
    }
}

/// Returns all of them.
pub(crate) fn all() -> Vec<Nasty> {
    [bytes(), heads(), charsets(), bodies(), parts(), files(), sealed(), bombs()].into_iter().flatten().collect()
}

/// What is hardly a mail.
fn bytes() -> Vec<Nasty> {
    vec![
        Nasty::new("nothing at all", "").broken(),
        Nasty::new("a thousand NULs", vec![0; 1_000]).broken(),
        Nasty::new("a thousand 0xff", vec![0xff; 1_000]).broken(),
        Nasty::new("the end of another mail", "\n.\n").broken(),
        Nasty::new("one line without a header", "no header at all").broken(),
        Nasty::new("a mailbox file", format!("From ann@example.org Mon Jan  1 00:00:00 2024\nFrom: {ANN}\nSubject: Mbox\n\nx"))
            .about("Mbox")
            .says("x"),
        Nasty::new("bare line feeds", format!("From: {ANN}\nSubject: Unix\n\nfirst\nsecond")).about("Unix").says("second"),
        Nasty::new("bare carriage returns", format!("From: {ANN}\rSubject: Mac\r\rfirst\rsecond")),
        Nasty::new(
            "a byte order mark before it",
            [b"\xef\xbb\xbf", format!("From: {ANN}\r\nSubject: Mark\r\n\r\nx").as_bytes()].concat(),
        )
        .about("Mark"),
        Nasty::new("head and nothing more", format!("From: {ANN}\r\nSubject: Only a head\r\n")).about("Only a head").broken(),
        Nasty::new("cut in the middle of a header", format!("From: {ANN}\r\nSubj")).broken(),
        Nasty::with("a smuggled end", "", b"before\n.\nMAIL FROM:<evil@example.org>\r\n").says("MAIL FROM:<evil@example.org>"),
    ]
}

/// What stands wrong in heads.
fn heads() -> Vec<Nasty> {
    let head = |name, from: &str, more: &str| Nasty::new(name, format!("From: {from}\r\n{more}\r\nx")).says("x");
    vec![
        head("no sender", "", "Subject: Who\r\n").about("Who").broken(),
        Nasty::new("no From at all", "Subject: Nobody\r\n\r\nx").about("Nobody").says("x").broken(),
        head("an address in the name", "\"boss@bank.example.org\" <ann@example.org>", "Subject: Name\r\n").about("Name"),
        head("a name without quotes, with a comma", "Miller, Ann <ann@example.org>", "Subject: Comma\r\n").about("Comma"),
        head("several senders", "ann@example.org, bob@example.org", "Sender: bob@example.org\r\n"),
        head("a group as sender", "Friends: ann@example.org, bob@example.org;", "Subject: Group\r\n").about("Group"),
        head("comments in an address", "ann(the first)@(here)example.org (Ann)", "Subject: Comments\r\n").about("Comments"),
        head("two headers From", "ann@example.org\r\nFrom: eve@example.org", "Subject: Twice\r\n").about("Twice"),
        head("an encoded word that never ends", "=?utf-8?Q?broken <ann@example.org>", "Subject: =?x-none?B?////?=\r\n"),
        head("an encoded word cut between bytes", ANN, "Subject: =?utf-8?B?0J/RgNC40LLQtQ==?=\r\n =?utf-8?B?0YI=?=\r\n")
            .about("Привет"),
        head("an encoded word with line breaks in it", ANN, "Subject: =?utf-8?Q?One=0D=0ABcc:_evil@example.org?=\r\n")
            .about("One"),
        head("a domain in Punycode", "ann@xn--e1afmkfd.example.org", "").from("ann@xn--e1afmkfd.example.org"),
        head("an address beyond ASCII", "анна@пример.example.org", "").from("анна@пример.example.org"),
        Nasty::new("eight bits in a header", b"From: ann@example.org\r\nSubject: caf\xe9 \xff\xfe\r\n\r\nx".to_vec())
            .about("caf")
            .says("x"),
        head("a date that never was", ANN, "Date: Fri, 99 Foo 9999 99:99:99 +9999\r\n"),
        head("a date in the year 2999", ANN, "Date: Tue, 1 Jan 2999 00:00:00 +0000\r\n"),
        head("two ids", ANN, "Message-ID: <1@x>\r\nMessage-ID: <2@x>\r\n"),
        head("an id that is none", ANN, "Message-ID: not an id at all <<>>\r\n"),
        head("folded through empty lines of spaces", ANN, "Subject: One\r\n \r\n two\r\n").about("One"),
        head("a header without a colon", ANN, "this is no header\r\nSubject: After\r\n").about("After"),
        head("a header of spaces", ANN, "Subject :  Spaces before the colon\r\n").about("Spaces before the colon"),
        head("right to left, and an override", ANN, "Subject: =?utf-8?B?16nXnNeV150g4oCuZXhlLnBkZg==?=\r\n").about("שלום"),
        head(
            "a mail that answers itself",
            ANN,
            "Message-ID: <self@x>\r\nIn-Reply-To: <self@x>\r\nReferences: <self@x> <self@x>\r\n",
        ),
    ]
}

/// What is written in other letters.
fn charsets() -> Vec<Nasty> {
    vec![
        Nasty::in_charset("iso-2022-jp", "Japanese in seven bits", b"\x1b$B$\"$$\x1b(B", "あい"),
        Nasty::in_charset("shift_jis", "Shift-JIS", b"\x82\xa0\x82\xa2", "あい"),
        Nasty::in_charset("gb18030", "GB 18030", b"\xc4\xe3\xba\xc3", "你好"),
        Nasty::in_charset("big5", "Big5", b"\xa7A\xa6n", "你好"),
        Nasty::in_charset("euc-kr", "EUC-KR", b"\xbe\xc8\xb3\xe7", "안녕"),
        Nasty::in_charset("koi8-r", "KOI8-R", b"\xf0\xd2\xc9\xd7\xc5\xd4", "Привет"),
        Nasty::in_charset("windows-1251", "Windows-1251", b"\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"),
        Nasty::in_charset("utf-7", "UTF-7", b"Hi +BB8EQAQ4-", "Hi"),
        Nasty::in_charset("utf-16le", "UTF-16", b"H\0i\0", ""),
        Nasty::in_charset("x-nobody-knows", "a set that nobody knows", b"plain enough", "plain enough"),
        Nasty::in_charset("utf-8", "Latin bytes called UTF-8", b"caf\xe9 au lait", "au lait"),
        Nasty::in_charset("\"\"", "a set without a name", b"plain enough", "plain enough"),
        Nasty::with("eight bits without a word about them", "", "Привет".as_bytes()).says("Привет"),
    ]
}

/// What is encoded wrongly.
fn bodies() -> Vec<Nasty> {
    vec![
        Nasty::with("not base64", "Content-Transfer-Encoding: base64\r\n", b"!!!not base64!!!"),
        Nasty::with("base64 without its end", "Content-Transfer-Encoding: base64\r\n", b"SGVsbG8gdGhlcmU").says("Hello the"),
        Nasty::with("quoted-printable cut off", "Content-Transfer-Encoding: quoted-printable\r\n", b"caf=C3=A9 =").says("café"),
        Nasty::with("quoted-printable with no digits", "Content-Transfer-Encoding: quoted-printable\r\n", b"a=ZZb").says("a"),
        Nasty::with("an encoding that nobody knows", "Content-Transfer-Encoding: x-uuencode\r\n", b"plain").says("plain"),
        Nasty::with("NULs in the text", "", b"a\0b\0c").says("c"),
        Nasty::with("NULs in HTML", "Content-Type: text/html\r\n", b"<p>a\0b</p><scr\0ipt>x()</scr\0ipt>").says("a"),
        Nasty::with("a kind that is none", "Content-Type: ;;;\r\n", b"plain").says("plain"),
        Nasty::with("a kind of two words", "Content-Type: text plain charset utf-8\r\n", b"plain").says("plain"),
        Nasty::with("HTML alone", "Content-Type: text/html; charset=utf-8\r\n", b"<p>Hi <b>there</b></p><script>x()</script>")
            .says("there"),
        Nasty::with("text that is one line of a megabyte", "", &b"a".repeat(1_000_000)).says("aaaa"),
    ]
}

/// What is put together wrongly.
fn parts() -> Vec<Nasty> {
    let text = "--b\r\nContent-Type: text/plain\r\n\r\nfirst\r\n";
    vec![
        Nasty::with("parts without a boundary", "Content-Type: multipart/mixed\r\n", b"no boundary"),
        Nasty::with("an empty boundary", "Content-Type: multipart/mixed; boundary=\"\"\r\n", b"--\r\n\r\nx\r\n----"),
        Nasty::of_parts("parts without an end", "mixed", text).says("first"),
        Nasty::of_parts("no part at all", "mixed", "--b--\r\n"),
        Nasty::of_parts("a boundary that never comes", "mixed", "--other\r\n\r\nx\r\n--other--\r\n"),
        Nasty::of_parts("several HTML parts", "mixed", &format!("{text}--b\r\nContent-Type: text/html\r\n\r\n<p>one</p>\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>two</p>\r\n--b--\r\n")).says("first"),
        Nasty::of_parts("alternatives of which the plain one is empty", "alternative", "--b\r\nContent-Type: text/plain\r\n\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>only here</p>\r\n--b--\r\n").says("only here"),
        Nasty::of_parts("a mail within a mail within a mail", "mixed", &format!("{text}--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: b@example.org\r\nContent-Type: message/rfc822\r\n\r\nFrom: c@example.org\r\n\r\ninner\r\n--b--\r\n")).says("first"),
        Nasty::with("nothing but a mail that was passed on", "Content-Type: message/rfc822\r\n", b"From: b@example.org\r\nSubject: Inner\r\n\r\ninner"),
        Nasty::of_parts("a picture inside the text without an id", "related", &format!("{text}--b\r\nContent-Type: image/png\r\nContent-Disposition: inline\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--b--\r\n")).says("first"),
        Nasty::of_parts("the same boundary inside and outside", "mixed", "--b\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\ninside\r\n--b--\r\n--b--\r\n"),
    ]
}

/// Files that are called what no file should be called.
fn files() -> Vec<Nasty> {
    let file = |name, headers: &str, body: &str| {
        let text = "--b\r\nContent-Type: text/plain\r\n\r\nsee the file\r\n";
        Nasty::of_parts(name, "mixed", &format!("{text}--b\r\n{headers}\r\n{body}\r\n--b--\r\n")).says("see the file")
    };
    let named = |name, disposition: &str| file(name, &format!("Content-Type: application/pdf\r\n{disposition}\r\n"), "%PDF-1.4");
    vec![
        named("a name with a wrong set", "Content-Disposition: attachment; filename*=utf-8''%ff%fe.pdf"),
        named("a name in pieces", "Content-Disposition: attachment; filename*0=\"very \"; filename*1=\"long.pdf\"")
            .holds(&["very long.pdf"]),
        named("a name in an encoded word", "Content-Disposition: attachment; filename=\"=?utf-8?B?0YHRh9GR0YIucGRm?=\"")
            .holds(&["счёт.pdf"]),
        named("an empty name", "Content-Disposition: attachment; filename=\"\"").holds(&["file-1"]),
        named("no name", "Content-Disposition: attachment").holds(&["file-1"]),
        named("a path as a name", "Content-Disposition: attachment; filename=\"../../etc/passwd\"").holds(&["passwd"]),
        named("a name with a line break", "Content-Disposition: attachment; filename=\"a\\\r\n b.pdf\""),
        file(
            "a name that turns around",
            "Content-Type: application/pdf\r\nContent-Disposition: attachment; filename*=utf-8''a%E2%80%AEfdp.exe\r\n",
            "MZ",
        )
        .holds(&["afdp.exe"]),
        file(
            "an invitation",
            "Content-Type: text/calendar; method=REQUEST; name=invite.ics\r\nContent-Disposition: attachment\r\n",
            "BEGIN:VCALENDAR\r\nEND:VCALENDAR",
        )
        .holds(&["invite.ics"]),
        file(
            "a program called a picture",
            "Content-Type: image/png; name=cat.png\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n",
            "TVqQAAMAAAAEAAAA",
        )
        .holds(&["cat.png"]),
        file(
            "a picture that is a page",
            "Content-Type: image/svg+xml; name=logo.svg\r\nContent-Disposition: attachment\r\n",
            "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>x()</script></svg>",
        )
        .holds(&["logo.svg"]),
    ]
}

/// What is signed, sealed or packed by other programs.
fn sealed() -> Vec<Nasty> {
    vec![
        Nasty::with("winmail.dat alone", "Content-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n", b"eJ8+IgAAAAA=").holds(&["winmail.dat"]),
        Nasty::of_parts("winmail.dat beside a text", "mixed", "--b\r\nContent-Type: text/plain\r\n\r\nfrom Outlook\r\n--b\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\neJ8+IgAAAAA=\r\n--b--\r\n").says("from Outlook").holds(&["winmail.dat"]),
        Nasty::of_parts("signed with PGP", "signed; protocol=\"application/pgp-signature\"", "--b\r\nContent-Type: text/plain\r\n\r\nsigned words\r\n--b\r\nContent-Type: application/pgp-signature; name=signature.asc\r\n\r\n-----BEGIN PGP SIGNATURE-----\r\n--b--\r\n").says("signed words").holds(&["signature.asc"]),
        Nasty::of_parts("sealed with PGP", "encrypted; protocol=\"application/pgp-encrypted\"", "--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--b\r\nContent-Type: application/octet-stream; name=encrypted.asc\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n--b--\r\n"),
        Nasty::with("PGP in the text", "", b"-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA256\r\n\r\nwords\r\n-----BEGIN PGP SIGNATURE-----\r\n").says("words"),
        Nasty::with("sealed with S/MIME", "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n", b"MIAGCSqGSIb3DQEHA6CAMIA=").holds(&["smime.p7m"]),
        Nasty::of_parts("signed with S/MIME", "signed; protocol=\"application/pkcs7-signature\"", "--b\r\nContent-Type: text/plain\r\n\r\nsigned words\r\n--b\r\nContent-Type: application/pkcs7-signature; name=smime.p7s\r\nContent-Transfer-Encoding: base64\r\n\r\nMIAGCSqGSIb3DQEHAqCA\r\n--b--\r\n").says("signed words").holds(&["smime.p7s"]),
    ]
}

/// What is small to send and large to read.
fn bombs() -> Vec<Nasty> {
    let deep = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n".repeat(1_000);
    let many = format!("{}--b--", "--b\r\n\r\nx\r\n".repeat(10_000));
    let headers = (0..20_000).map(|number| format!("X-{number}: y\r\n")).collect::<String>();
    let references = (0..20_000).map(|number| format!("<{number}@x>\r\n ")).collect::<String>();
    let words = "=?utf-8?Q?a?= ".repeat(50_000);
    let bomb = {
        // A kilobyte that unpacks to a megabyte: it is a file to us, and never unpacked.
        use std::io::Write;
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        writer.write_all(&vec![0; 1_000_000]).expect("packs");
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, writer.finish().expect("packs"))
    };
    vec![
        Nasty::new("a hundred thousand mails within mails", format!("From: {ANN}\r\n{}\r\nx", "Content-Type: message/rfc822\r\n\r\n".repeat(100_000))).broken(),
        Nasty::new("a thousand parts deep", format!("From: {ANN}\r\n{deep}\r\nx")),
        Nasty::of_parts("ten thousand parts", "mixed", &many).broken(),
        Nasty::new("a subject of two megabytes", format!("From: {ANN}\r\nSubject: {}\r\n\r\nx", "a".repeat(2_000_000))).about("aaaa"),
        Nasty::with("twenty thousand headers", &headers, b"x").says("x"),
        Nasty::with("twenty thousand references", &format!("References: {references}\r\n"), b"x").says("x"),
        Nasty::new("fifty thousand encoded words", format!("From: {ANN}\r\nSubject: {words}\r\n\r\nx")).about("aaaa"),
        Nasty::new("ten thousand recipients", format!("From: {ANN}\r\nTo: {}\r\n\r\nx", "a@example.org, ".repeat(10_000))).says("x"),
        Nasty::of_parts("a gzip bomb", "mixed", &format!("--b\r\nContent-Type: text/plain\r\n\r\nopen it\r\n--b\r\nContent-Type: application/gzip; name=bomb.gz\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n{bomb}\r\n--b--\r\n")).says("open it").holds(&["bomb.gz"]),
        Nasty::with("tables a thousand deep", "Content-Type: text/html\r\n", "<table><tr><td>".repeat(1_000).as_bytes()),
        Nasty::with("divisions two hundred thousand deep", "Content-Type: text/html\r\n", "<div>".repeat(200_000).as_bytes()),
        Nasty::with("links a megabyte long", "Content-Type: text/html\r\n", format!("<a href=\"https://example.org/{}\">here</a>", "a".repeat(1_000_000)).as_bytes()),
        Nasty::with("comments in an address, ten thousand deep", &format!("Reply-To: {}a@example.org\r\n", "(".repeat(10_000)), b"x").says("x"),
    ]
}
