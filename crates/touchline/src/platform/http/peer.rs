//! Who is at the other end of a connection.

use std::net::IpAddr;

/// Is the network address at the other end of a connection; requests bear it as an extension.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Peer(pub IpAddr);
