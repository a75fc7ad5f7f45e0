//! Calling: every request that this server makes to a web server that somebody named goes through here.
//!
//! Whoever may name an address must not reach with it what only this machine can reach. So an address is read once, by the
//! rules of the web, and the connection is made by [`Outbound`], which looks a name up once and knows which numbers are
//! inside. Nothing is followed: a redirect is an answer like any other. What is in the house all the same, such as a gateway
//! for short messages, is written as the number that was named when the server started.

use super::outbound::{Outbound, encrypted, is_outside, is_refused};
use axum::body::Body;
use futures_util::StreamExt;
use hyper::client::conn::http1;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use url::{Host, Url};

/// How long finding and reaching a server may take.
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);
/// How long it may take to answer.
const ANSWER_PATIENCE: Duration = Duration::from_secs(15);
/// How long fetching a file may take.
const FETCH_PATIENCE: Duration = Duration::from_secs(60);
/// What an answer may have.
const ANSWER_MAX: usize = 1024 * 1024;
/// What an address may have.
const URL_MAX: usize = 2_048;

/// Sends requests to other servers.
#[derive(Clone, Default, Debug)]
pub struct Calls {
    outbound: Outbound,
}

/// Is a request on its way out.
#[derive(Clone, PartialEq, Eq)]
pub struct Call {
    /// `POST`, `GET` …
    pub method: &'static str,
    /// Where to. It may hold a secret: it is never logged.
    pub url: String,
    /// Headers beside those that every request has. They may hold secrets.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Call {
    /// Shows the method only: addresses, headers and bodies hold secrets and what people said.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} …", self.method)
    }
}

/// Is what a server answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// After how many seconds it wants to be asked again, where it says so.
    pub retry_after_s: Option<i64>,
    /// The body.
    pub body: Vec<u8>,
}

/// Is why there is no answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NotAnswered {
    /// This address must not be reached; nothing was connected to.
    Refused(&'static str),
    /// The server was not reached: it has got nothing.
    Unreached(String),
    /// The request went out and no answer came: nobody knows whether it was taken.
    Unknown(String),
}

impl NotAnswered {
    /// Says why, without the address.
    #[must_use]
    pub fn says(&self) -> &str {
        match self {
            Self::Refused(says) => says,
            Self::Unreached(says) | Self::Unknown(says) => says,
        }
    }
}

impl Calls {
    /// Sends them by a way out.
    #[must_use]
    pub const fn by(outbound: Outbound) -> Self {
        Self { outbound }
    }

    /// Reads an address that somebody named, and says what is wrong with it. Nothing is looked up or connected to.
    ///
    /// # Errors
    /// Fails with a sentence when it must not or cannot be reached.
    pub fn check(&self, url: &str) -> Result<(), &'static str> {
        self.read(url).map(drop)
    }

    fn read(&self, text: &str) -> Result<Target, &'static str> {
        // Programs disagree about backslashes, blanks and names before `@`: who means well writes none.
        let is_odd = |sign: char| sign == '\\' || sign.is_whitespace() || sign.is_control();
        if text.len() > URL_MAX || text.chars().any(is_odd) {
            return Err("This is no plain address of the web");
        }
        let url = Url::parse(text).map_err(|_| "This is no plain address of the web")?;
        if !["http", "https"].contains(&url.scheme()) {
            return Err("An address begins with https://");
        }
        if !url.username().is_empty()
            || url.password().is_some()
            || text.split(['?', '#']).next().is_some_and(|start| start.contains('@'))
        {
            return Err("An address has no name or `@` in it");
        }
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return Err("An address has a host");
        };
        let name = match host {
            Host::Domain(name) => name.trim_end_matches('.').to_lowercase(),
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        };
        let number: Option<IpAddr> = match host {
            Host::Domain(_) => None,
            Host::Ipv4(address) => Some(address.into()),
            Host::Ipv6(address) => Some(address.into()),
        };
        if !number.is_some_and(|number| self.outbound.is_named(SocketAddr::new(number, port))) {
            if url.scheme() != "https" {
                return Err("An address begins with https://");
            }
            if port != 443 {
                return Err("An address has no port: the usual one is taken");
            }
            let is_inside =
                number.map_or_else(|| !name.contains('.') || name.ends_with(".localhost"), |number| !is_outside(number));
            if is_inside {
                return Err(INSIDE);
            }
        }
        Ok(Target { is_tls: url.scheme() == "https", name, port, url })
    }

    /// Sends a request, and returns what was answered, whatever its status.
    ///
    /// # Errors
    /// Says whether the other side may have got it.
    pub async fn send(&self, call: &Call) -> Result<Answered, NotAnswered> {
        self.converse(call, None, ANSWER_PATIENCE).await
    }

    /// Fetches a file of at most so many bytes.
    ///
    /// # Errors
    /// Says why there is none; one that is larger is [`TOO_LARGE`].
    pub async fn fetch(&self, call: &Call, most: usize) -> Result<Answered, NotAnswered> {
        self.converse(call, Some(most), FETCH_PATIENCE).await
    }

    async fn converse(&self, call: &Call, most: Option<usize>, patience: Duration) -> Result<Answered, NotAnswered> {
        let target = self.read(&call.url).map_err(NotAnswered::Refused)?;
        let request = request(&target, call).ok_or(NotAnswered::Refused("This request cannot be written"))?;
        let unreached = |error: &dyn std::fmt::Display| NotAnswered::Unreached(format!("the server is not reached: {error}"));
        let reaching = async {
            let connected = self.outbound.connect(&target.place()).await;
            let stream =
                connected.map_err(|error| if is_refused(&error) { NotAnswered::Refused(INSIDE) } else { unreached(&error) })?;
            if !target.is_tls {
                return Ok(Box::new(stream) as Box<dyn Line>);
            }
            let stream = encrypted(stream, &target.name).await.map_err(|error| unreached(&error))?;
            Ok(Box::new(stream) as Box<dyn Line>)
        };
        let stream = timeout(CONNECT_PATIENCE, reaching).await.map_err(|_| unreached(&"it takes too long"))??;
        timeout(patience, converse(stream, request, most))
            .await
            .unwrap_or_else(|_| Err(NotAnswered::Unknown("the server does not answer".to_owned())))
    }
}

/// Says that a file is larger than was wanted.
pub const TOO_LARGE: &str = "This is larger than is taken here";

const INSIDE: &str = "This address is not of the public internet";

trait Line: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Line for T {}

/// Is an address, read once.
struct Target {
    url: Url,
    name: String,
    port: u16,
    is_tls: bool,
}

impl Target {
    /// Returns what is looked up: `host:port`, a number of the new kind in brackets.
    fn place(&self) -> String {
        if self.name.contains(':') { format!("[{}]:{}", self.name, self.port) } else { format!("{}:{}", self.name, self.port) }
    }
}

fn request(target: &Target, call: &Call) -> Option<Request<Body>> {
    let host = target.url.host_str()?;
    let host = target.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let path = target.url.query().map_or_else(|| target.url.path().to_owned(), |query| format!("{}?{query}", target.url.path()));
    let mut request = Request::builder().method(call.method).uri(path).header("host", host);
    request = request.header("user-agent", "Touchline").header("accept", "application/json").header("connection", "close");
    for (name, value) in &call.headers {
        request = request.header(name.as_str(), value.as_str());
    }
    request.header("content-length", call.body.len()).body(Body::from(call.body.clone())).ok()
}

/// Asks and reads the answer. With `most` its body is what is wanted, and one that is larger or breaks off is none.
async fn converse(stream: Box<dyn Line>, request: Request<Body>, most: Option<usize>) -> Result<Answered, NotAnswered> {
    let unknown = |error: &dyn std::fmt::Display| NotAnswered::Unknown(format!("the server broke off: {error}"));
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|error| NotAnswered::Unreached(error.to_string()))?;
    let driving = tokio::spawn(connection);
    let answered = async {
        let response = sender.send_request(request).await.map_err(|error| unknown(&error))?;
        let (status, retry_after_s) = (response.status().as_u16(), retry_after(&response));
        if let Some(most) = most {
            let mut parts = Body::new(response.into_body()).into_data_stream();
            let mut body = Vec::new();
            while let Some(part) = parts.next().await {
                let part = part.map_err(|error| unknown(&error))?;
                if body.len() + part.len() > most {
                    return Err(NotAnswered::Refused(TOO_LARGE));
                }
                body.extend_from_slice(&part);
            }
            return Ok(Answered { status, retry_after_s, body });
        }
        let body = axum::body::to_bytes(Body::new(response.into_body()), ANSWER_MAX).await;
        // Its status is the answer; of a body that does not end nothing is needed.
        let body = body.map(|bytes| bytes.to_vec()).unwrap_or_default();
        Ok(Answered { status, retry_after_s, body })
    }
    .await;
    driving.abort();
    answered
}

fn retry_after<B>(response: &Response<B>) -> Option<i64> {
    response.headers().get("retry-after")?.to_str().ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    fn to(url: &str) -> Call {
        Call { method: "POST", url: url.to_owned(), headers: Vec::new(), body: b"{}".to_vec() }
    }

    /// Counts who comes; answers each with what is given.
    async fn server(answer: String) -> (u16, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("listens");
        let port = listener.local_addr().expect("is bound").port();
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.expect("accepts");
                counted.fetch_add(1, Ordering::SeqCst);
                let mut read = [0; 4_096];
                let _ = stream.read(&mut read).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        (port, count)
    }

    /// Every spelling of the list of spec A6, and what else resolvers and programs take for an address of the house.
    const HOSTS: [&str; 62] = [
        "169.254.169.254",
        "169.254.43518",
        "169.16689662",
        "2852039166",
        "0251.0376.0251.0376",
        "0251.0376.0124776",
        "0xa9.0xfe.0xa9.0xfe",
        "0xa9fea9fe",
        "0251.00376.000251.0000376",
        "0xA9.254.0251.254",
        "169.254.169.254.",
        "[::ffff:169.254.169.254]",
        "[::ffff:a9fe:a9fe]",
        "[::169.254.169.254]",
        "[2002:a9fe:a9fe::]",
        "[64:ff9b::a9fe:a9fe]",
        "[64:ff9b:1::a9fe:a9fe]",
        "[2001:0:a9fe:a9fe::]",
        "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
        "[fd00:ec2::254]",
        "100.100.100.200",
        "168.63.129.16",
        "0.0.0.0",
        "0",
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0x7f.1",
        "127.255.255.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.2.1",
        "192.168.0.1",
        "192.168.255.255",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "[::]",
        "[::1]",
        "[fc00::1]",
        "[fdff::1]",
        "[fe80::1]",
        "[fe90::1]",
        "[febf::1]",
        "[ff02::1]",
        "[2001:db8::1]",
        "[3fff::1]",
        "localhost",
    ];

    #[tokio::test]
    async fn nothing_of_the_house_is_connected_to_however_it_is_written() {
        let (port, canary) = server("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_owned()).await;
        let mut tried = 0;
        for host in HOSTS {
            for url in [
                format!("https://{host}/"),
                format!("http://{host}/"),
                format!("https://{host}:{port}/"),
                format!("http://{host}:{port}/"),
            ] {
                let out = Calls::default();
                assert!(out.check(&url).is_err(), "{url} can be set");
                assert!(matches!(out.send(&to(&url)).await, Err(NotAnswered::Refused(_))), "{url}");
                tried += 1;
            }
        }
        for url in [
            format!("http://a@127.0.0.1:{port}"),
            format!("https://shop.example@127.0.0.1:{port}/"),
            format!("http://127.0.0.1:{port}#@shop.example"),
            format!("http://127.0.0.1:{port}\\@shop.example/"),
            format!("https://shop.example\\@127.0.0.1:{port}/"),
            format!("http:\\\\127.0.0.1:{port}"),
            format!("http:127.0.0.1:{port}"),
            format!("https://127.0.0.1:{port}%2f@shop.example"),
            format!("https://127.0.0.1%00.shop.example:{port}/"),
            format!(" https://127.0.0.1:{port}"),
            format!("https://127.0.0.1\t:{port}/"),
            format!("https://\u{2488}27.0.0.1:{port}/"),
            format!("https://①②⑦.0.0.1:{port}/"),
            format!("https://localhost.:{port}/"),
            format!("https://app.localhost:{port}/"),
            "file:///etc/passwd".to_owned(),
            format!("gopher://127.0.0.1:{port}/"),
            format!("dict://127.0.0.1:{port}/"),
            format!("ftp://127.0.0.1:{port}/"),
            format!("ldap://127.0.0.1:{port}/"),
            format!("jar:http://127.0.0.1:{port}!/"),
            format!("ws://127.0.0.1:{port}/"),
            "https:///".to_owned(),
            String::new(),
        ] {
            let out = Calls::default();
            assert!(out.check(&url).is_err(), "{url} can be set");
            assert!(matches!(out.send(&to(&url)).await, Err(NotAnswered::Refused(_))), "{url}");
            tried += 1;
        }
        assert!(tried >= 120, "{tried}");
        assert_eq!(canary.load(Ordering::SeqCst), 0, "somebody was connected to");
    }

    /// Makes a way out whose names lead where a test wants: each look-up takes the next answer.
    fn led(answers: &[&[&str]]) -> (Calls, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let answers: Vec<Vec<SocketAddr>> =
            answers.iter().map(|one| one.iter().map(|text| text.parse().expect("an address")).collect()).collect();
        let counted = Arc::clone(&asked);
        let outbound = Outbound::led_by(move |_| {
            let turn = counted.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1);
            answers[turn].clone()
        });
        (Calls::by(outbound), asked)
    }

    fn inside_house(ports: &[u16]) -> Calls {
        let named: Vec<SocketAddr> = ports.iter().map(|port| SocketAddr::from(([127, 0, 0, 1], *port))).collect();
        Calls::by(Outbound::with(&named))
    }

    #[tokio::test]
    async fn a_public_name_that_leads_inside_is_refused_and_asked_for_once() {
        let (port, canary) = server(String::new()).await;
        let inside = format!("127.0.0.1:{port}");
        for answer in [
            vec![inside.as_str()],
            vec!["93.184.215.14:443", inside.as_str()],
            vec![inside.as_str(), "93.184.215.14:443"],
            vec!["[::ffff:127.0.0.1]:443"],
        ] {
            let (out, asked) = led(&[&answer]);
            assert_eq!(out.send(&to("https://shop.example/")).await, Err(NotAnswered::Refused(INSIDE)));
            assert_eq!(asked.load(Ordering::SeqCst), 1);
        }
        // Rebinding: what was looked up is what is connected to. A number of nobody's is not reached, and not looked up again.
        let (out, asked) = led(&[&["192.175.48.1:9"], &[inside.as_str()]]);
        assert!(matches!(out.send(&to("https://shop.example/")).await, Err(NotAnswered::Unreached(_))));
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        assert_eq!(canary.load(Ordering::SeqCst), 0);
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer_and_what_is_let_through_is_reached() {
        let (inside, canary) = server(String::new()).await;
        let answer = format!(
            "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:{inside}/\r\nretry-after: 7\r\ncontent-length: 2\r\n\r\nno"
        );
        let (port, reached) = server(answer).await;
        let out = inside_house(&[port]);
        let answered = out.send(&to(&format!("http://127.0.0.1:{port}/a?b=c"))).await.expect("answers");
        assert_eq!((answered.status, answered.retry_after_s, answered.body), (302, Some(7), b"no".to_vec()));
        assert_eq!((reached.load(Ordering::SeqCst), canary.load(Ordering::SeqCst)), (1, 0));
        assert!(matches!(out.send(&to(&format!("http://127.0.0.1:{inside}/"))).await, Err(NotAnswered::Refused(_))));
    }

    #[tokio::test]
    async fn who_hangs_up_may_have_taken_it_and_who_is_not_there_has_not() {
        let (port, _) = server(String::new()).await;
        assert!(matches!(
            inside_house(&[port]).send(&to(&format!("http://127.0.0.1:{port}/"))).await,
            Err(NotAnswered::Unknown(_))
        ));
        let free = TcpListener::bind("127.0.0.1:0").await.expect("binds").local_addr().expect("is bound").port();
        assert!(matches!(
            inside_house(&[free]).send(&to(&format!("http://127.0.0.1:{free}/"))).await,
            Err(NotAnswered::Unreached(_))
        ));
    }

    #[test]
    fn the_public_internet_is_public() {
        for text in
            ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "192.0.1.1", "223.255.255.255", "2606:4700::1111", "2a00::1"]
        {
            assert!(is_outside(text.parse().expect("an address")), "{text}");
        }
        assert!(Calls::default().check("https://api.telegram.org/bot1:x/sendMessage").is_ok());
        assert!(Calls::default().check("https://shop.example/hook?key=a@b").is_ok());
    }

    #[test]
    fn a_request_shows_nothing_of_itself() {
        assert_eq!(format!("{:?}", to("https://api.example/bot1:SECRET/x")), "POST …");
    }
}
