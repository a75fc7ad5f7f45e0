//! Going out: the one way to a server of somebody else.
//!
//! A name is resolved once, every address it has is looked at as a number, and the connection is made to exactly that
//! number, so an answer that changes between looking and connecting changes nothing. What is inside (this machine, this
//! network, what clouds tell their machines) is reached only where whoever starts the server has named it.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

/// How long resolving and connecting may take.
const PATIENCE: Duration = Duration::from_secs(20);

type Found = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;
type Resolver = Arc<dyn Fn(String) -> Found + Send + Sync>;

/// Knows which addresses inside may be reached. Clones share it.
#[derive(Clone)]
pub struct Outbound {
    inside: Arc<[SocketAddr]>,
    resolver: Resolver,
}

/// Is why nothing was connected to.
#[derive(Debug)]
struct Inside;

impl std::fmt::Display for Inside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("this address is inside our own network: start the server with `--inside ADDRESS:PORT` to allow it")
    }
}

impl std::error::Error for Inside {}

/// Tells whether a failure is that of an address inside that nobody named: nothing was connected to.
#[must_use]
pub fn is_refused(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|why| why.is::<Inside>())
}

impl Default for Outbound {
    /// Reaches the public internet alone.
    fn default() -> Self {
        Self::with(&[])
    }
}

impl std::fmt::Debug for Outbound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outbound").field("inside", &self.inside).finish_non_exhaustive()
    }
}

impl Outbound {
    /// Lets some addresses inside be reached, and no other ones.
    #[must_use]
    pub fn with(inside: &[SocketAddr]) -> Self {
        let resolver: Resolver = Arc::new(|address| Box::pin(async move { Ok(lookup_host(address).await?.collect()) }));
        Self { inside: inside.into(), resolver }
    }

    /// Makes a way out for which names lead where a test wants.
    #[cfg(test)]
    pub(super) fn led_by(find: impl Fn(String) -> Vec<SocketAddr> + Send + Sync + 'static) -> Self {
        let resolver: Resolver = Arc::new(move |address| {
            let found = find(address);
            Box::pin(async move { Ok(found) })
        });
        Self { resolver, ..Self::default() }
    }

    /// Tells whether an address was named, so that it may be reached although it is inside.
    #[must_use]
    pub fn is_named(&self, place: SocketAddr) -> bool {
        self.inside.contains(&place)
    }

    /// Connects to `host:port`.
    ///
    /// # Errors
    /// Fails when the server is not reached, or is inside and not named.
    pub async fn connect(&self, address: &str) -> io::Result<TcpStream> {
        let found = timeout(PATIENCE, (self.resolver)(address.to_owned())).await.map_err(|_| io::ErrorKind::TimedOut)??;
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        for place in self.allowed(found)?.into_iter().take(8) {
            match timeout(PATIENCE, TcpStream::connect(place)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => last = error,
                Err(_) => last = io::ErrorKind::TimedOut.into(),
            }
        }
        Err(last)
    }

    /// Chooses among the addresses of a name: those that were named, else all, of which none may be inside. Whoever answers with
    /// one outside and one inside means no good.
    fn allowed(&self, found: Vec<SocketAddr>) -> io::Result<Vec<SocketAddr>> {
        let named: Vec<SocketAddr> = found.iter().copied().filter(|place| self.is_named(*place)).collect();
        if !named.is_empty() {
            return Ok(named);
        }
        if found.iter().any(|place| !is_outside(place.ip())) {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, Inside));
        }
        Ok(found)
    }
}

/// Encrypts a line to a server that shows a certificate of this name, which somebody signed whom this machine trusts.
///
/// # Errors
/// Fails when it shows none.
pub async fn encrypted<S: AsyncRead + AsyncWrite + Unpin>(stream: S, host: &str) -> io::Result<TlsStream<S>> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

/// Tells whether an address is one of the whole internet.
#[must_use]
pub fn is_outside(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_outside_v4(address),
        IpAddr::V6(address) => is_outside_v6(address),
    }
}

fn is_outside_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let is_inside = match first {
        0 | 10 | 127 | 224..=255 => true,
        100 => (64..128).contains(&second),
        168 => second == 63 && third == 129,
        169 => second == 254,
        172 => (16..32).contains(&second),
        192 => second == 168 || (second == 0 && (third == 0 || third == 2)) || (second == 88 && third == 99),
        198 => second == 18 || second == 19 || (second == 51 && third == 100),
        203 => second == 0 && third == 113,
        _ => false,
    };
    !is_inside
}

fn is_outside_v6(address: Ipv6Addr) -> bool {
    // Those that carry an address of the old kind lead wherever that one does: none of them is needed.
    let parts = address.segments();
    let is_public = (0x2000..0x4000).contains(&parts[0]);
    let carries = matches!(parts, [0x2001, 0, ..] | [0x2002, ..]);
    let is_special = matches!(parts, [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] | [0x2001, 0x10..=0x2f, ..]);
    is_public && !carries && !is_special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_inside_is_known_in_every_spelling() {
        let inside = "0.0.0.0 10.1.2.3 100.64.0.1 100.100.100.200 127.0.0.1 127.9.9.9 169.254.169.254 172.16.0.1 172.31.255.255 \
                      192.0.0.1 192.0.2.1 192.168.1.1 198.18.0.1 198.19.9.9 198.51.100.1 203.0.113.1 224.0.0.1 240.0.0.1 \
                      255.255.255.255 :: ::1 ::ffff:127.0.0.1 ::ffff:a9fe:a9fe ::169.254.169.254 2002:a9fe:a9fe:: \
                      64:ff9b::a9fe:a9fe 64:ff9b:1::1 2001:0::1 fd00:ec2::254 fc00::1 fe80::1 febf::1 ff02::1 2001:db8::1 100::1";
        for text in inside.split_whitespace() {
            assert!(!is_outside(text.parse().expect("an address")), "{text}");
        }
        for text in ["1.1.1.1", "100.63.255.255", "172.32.0.1", "192.167.1.1", "2606:4700::1111", "2a00:1450::1"] {
            assert!(is_outside(text.parse().expect("an address")), "{text}");
        }
    }

    #[tokio::test]
    async fn nothing_inside_is_connected_to_unless_it_is_named() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let place = listener.local_addr().expect("has one");
        let port = place.port();
        // As resolvers read them.
        for host in ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "[::ffff:127.0.0.1]", "[::1]", "0"]
        {
            assert!(Outbound::default().connect(&format!("{host}:{port}")).await.is_err(), "{host}");
        }
        assert!(
            Outbound::with(&[SocketAddr::from(([127, 0, 0, 1], 1))]).connect(&place.to_string()).await.is_err(),
            "another port"
        );
        let nobody = timeout(Duration::from_millis(50), listener.accept()).await;
        assert!(nobody.is_err(), "somebody was here");
        Outbound::with(&[place]).connect(&place.to_string()).await.expect("is named");
    }
}
