//! Tells whether a request came from Alexa, by the rules that Amazon publishes for skills of one's own: the address of a certificate that
//! is only ever fetched from their place, a chain of certificates up to a root that this machine trusts, for their name and for now, and
//! a signature of the body by it.
//!
//! Chain and signature are judged by the same code that judges servers (`rustls`, `webpki`).

use crate::platform::calls::{Call, Calls};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use model::Instant;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::ServerCertVerifier;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{RootCertStore, crypto};
use url::Url;
use webpki::EndEntityCert;
use webpki::ring::RSA_PKCS1_2048_8192_SHA256;

/// The name that the certificate is for.
const NAME: &str = "echo-api.amazon.com";
/// Where certificates lie.
const HOST: &str = "s3.amazonaws.com";
const FOLDER: &str = "/echo.api/";
/// A chain has at most so many certificates, and so many bytes.
const CHAIN_MAX: usize = 6;
const PEM_MAX: usize = 64 * 1024;
/// So many chains are remembered: there is one at a time, and another when it is renewed.
const KEPT_MAX: usize = 4;

type Chain = Arc<Vec<CertificateDer<'static>>>;

/// Judges requests. Clones share the chains they have fetched.
#[derive(Clone)]
pub(super) struct Alexa {
    roots: Arc<RootCertStore>,
    kept: Arc<Mutex<Vec<(String, Chain)>>>,
}

impl Alexa {
    /// Trusts the roots that this machine trusts.
    pub(super) fn new() -> Self {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Self { roots: Arc::new(roots), kept: Arc::default() }
    }

    /// Tells whether a body is signed by Alexa: `address` and `signature` are the headers `SignatureCertChainUrl` and
    /// `Signature-256`. A chain that cannot be fetched proves nothing.
    pub(super) async fn has_signed(&self, calls: &Calls, address: &str, signature: &str, body: &[u8], now: Instant) -> bool {
        let Some(address) = place_of(address) else { return false };
        let chain = match self.remembered(&address) {
            Some(chain) => chain,
            None => {
                let Some(chain) = fetched(calls, &address).await else { return false };
                // What proves nothing is not remembered: it would keep the good one out.
                if !self.is_theirs(&chain, now) {
                    return false;
                }
                self.remember(address, chain)
            }
        };
        // Also one that was remembered: it may be over meanwhile.
        self.is_theirs(&chain, now) && chain.first().is_some_and(|leaf| is_signed(leaf, signature, body))
    }

    fn remembered(&self, address: &str) -> Option<Chain> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|(known, _)| known == address).map(|(_, chain)| Arc::clone(chain))
    }

    fn remember(&self, address: String, chain: Vec<CertificateDer<'static>>) -> Chain {
        let chain = Arc::new(chain);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_MAX {
            kept.remove(0);
        }
        kept.push((address, Arc::clone(&chain)));
        chain
    }

    /// Tells whether a chain leads from their name to a root that is trusted, now.
    fn is_theirs(&self, chain: &[CertificateDer<'static>], now: Instant) -> bool {
        let Some((leaf, between)) = chain.split_first() else { return false };
        let Ok(name) = ServerName::try_from(NAME) else { return false };
        let Ok(seconds) = u64::try_from(now.0.div_euclid(1_000_000)) else { return false };
        let provider = Arc::new(crypto::ring::default_provider());
        let Ok(verifier) = WebPkiServerVerifier::builder_with_provider(Arc::clone(&self.roots), provider).build() else {
            return false;
        };
        let at = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        verifier.verify_server_cert(leaf, between, &name, &[], at).is_ok()
    }
}

/// Returns the address of a chain in one way of writing, if it is one of theirs.
fn place_of(told: &str) -> Option<String> {
    let url = Url::parse(told).ok()?;
    let is_theirs = url.scheme() == "https"
        && url.host_str().is_some_and(|host| host.eq_ignore_ascii_case(HOST))
        && url.port_or_known_default() == Some(443)
        && url.username().is_empty()
        && url.password().is_none()
        // Steps such as `..` are resolved by then; capital letters make another folder.
        && url.path().starts_with(FOLDER);
    is_theirs.then(|| format!("https://{HOST}{}", url.path()))
}

async fn fetched(calls: &Calls, address: &str) -> Option<Vec<CertificateDer<'static>>> {
    let call = Call { method: "GET", url: address.to_owned(), headers: Vec::new(), body: Vec::new() };
    let answered = calls.send(&call).await.ok().filter(|answered| answered.status == 200 && answered.body.len() <= PEM_MAX)?;
    certificates(std::str::from_utf8(&answered.body).ok()?)
}

/// Reads certificates as PEM writes them.
fn certificates(text: &str) -> Option<Vec<CertificateDer<'static>>> {
    let all: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(text.as_bytes()).collect::<Result<_, _>>().ok()?;
    (!all.is_empty() && all.len() <= CHAIN_MAX).then_some(all)
}

/// Tells whether the key of a certificate has signed a body (RSA, PKCS #1, SHA-256).
fn is_signed(leaf: &CertificateDer<'_>, signature: &str, body: &[u8]) -> bool {
    let (Ok(leaf), Ok(signature)) = (EndEntityCert::try_from(leaf), STANDARD.decode(signature.trim())) else { return false };
    leaf.verify_signature(RSA_PKCS1_2048_8192_SHA256, body, &signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made for this test with OpenSSL, good until 2126: a root, and certificates by it for their name, and for another.
    const ROOT: &str = include_str!("alexa_test/root.pem");
    const THEIRS: &str = include_str!("alexa_test/theirs.pem");
    const OTHERS: &str = include_str!("alexa_test/others.pem");
    const SIGNATURE: &str = include_str!("alexa_test/signature.txt");
    const BODY: &[u8] = b"{\"session\":{}}";
    const NOW: Instant = Instant(1_800_000_000_000_000);

    fn alexa() -> Alexa {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(certificates(ROOT).expect("is one"));
        Alexa { roots: Arc::new(roots), kept: Arc::default() }
    }

    #[test]
    fn a_chain_lies_at_their_place_and_nowhere_else() {
        for good in [
            "https://s3.amazonaws.com/echo.api/echo-api-cert.pem",
            "https://s3.amazonaws.com:443/echo.api/echo-api-cert.pem",
            "https://S3.amazonaws.com/echo.api/../echo.api/echo-api-cert.pem",
        ] {
            assert_eq!(place_of(good).as_deref(), Some("https://s3.amazonaws.com/echo.api/echo-api-cert.pem"), "{good}");
        }
        for bad in [
            "http://s3.amazonaws.com/echo.api/echo-api-cert.pem",
            "https://notamazon.com/echo.api/echo-api-cert.pem",
            "https://s3.amazonaws.com/EcHo.aPi/echo-api-cert.pem",
            "https://s3.amazonaws.com/invalid.path/echo-api-cert.pem",
            "https://s3.amazonaws.com/echo.api/../other/cert.pem",
            "https://s3.amazonaws.com:563/echo.api/echo-api-cert.pem",
            "https://s3.amazonaws.com@evil.example/echo.api/x.pem",
            "https://a@s3.amazonaws.com/echo.api/x.pem",
            "file:///echo.api/x.pem",
            "",
        ] {
            assert_eq!(place_of(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_chain_is_for_their_name_by_a_root_that_is_trusted_and_for_now() {
        let (theirs, others) = (certificates(THEIRS).expect("reads"), certificates(OTHERS).expect("reads"));
        assert!(alexa().is_theirs(&theirs, NOW));
        assert!(!alexa().is_theirs(&others, NOW), "for another name");
        assert!(!alexa().is_theirs(&[], NOW));
        assert!(!alexa().is_theirs(&theirs, Instant(7_000_000_000_000_000)), "over");
        assert!(!alexa().is_theirs(&theirs, Instant(0)), "not yet");
        assert!(!Alexa::new().is_theirs(&theirs, NOW), "by a root of nobody's");
    }

    #[test]
    fn the_body_is_signed_by_that_certificate() {
        let (theirs, others) = (certificates(THEIRS).expect("reads"), certificates(OTHERS).expect("reads"));
        assert!(is_signed(&theirs[0], SIGNATURE, BODY));
        assert!(!is_signed(&theirs[0], SIGNATURE, b"{\"session\":{ }}"), "another body");
        assert!(!is_signed(&others[0], SIGNATURE, BODY), "another key");
        for wrong in ["", "AAAA", "not base64!"] {
            assert!(!is_signed(&theirs[0], wrong, BODY), "{wrong}");
        }
    }

    #[test]
    fn what_is_no_certificate_is_read_as_none() {
        let whole = certificates(THEIRS).expect("reads").remove(0);
        for end in 0..whole.len() {
            assert!(!is_signed(&CertificateDer::from(whole[..end].to_vec()), SIGNATURE, BODY), "{end} bytes");
        }
        for wrong in ["", "-----BEGIN CERTIFICATE-----", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----"] {
            assert_eq!(certificates(wrong), None);
        }
    }

    #[tokio::test]
    async fn a_chain_elsewhere_is_never_asked_for() {
        let signed = alexa().has_signed(&Calls::default(), "https://127.0.0.1/echo.api/x.pem", SIGNATURE, BODY, NOW).await;
        assert!(!signed);
    }
}
