//! Who is at the other end of a connection.

use axum::Extension;
use std::net::IpAddr;

/// Is the network address at the other end of a connection; requests bear it as an extension.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Peer(pub IpAddr);

impl Peer {
    /// Writes the address of whoever asks, by which limits are counted; empty where it is not known.
    #[must_use]
    pub fn written(peer: Option<Extension<Self>>) -> String {
        peer.map_or_else(String::new, |Extension(Self(address))| address.to_string())
    }
}
