//! A line to a mail server: in the clear or encrypted, read by lines that have an end.

use crate::platform::outbound::{self, Outbound};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::time::timeout;

/// How long the other side may take for one answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// Is what both kinds of lines can do.
trait Wire: AsyncRead + AsyncWrite + Unpin + Send + Sync {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + Sync> Wire for T {}

/// Is a line to a server.
pub(super) struct Line {
    wire: BufReader<Box<dyn Wire>>,
    host: String,
}

impl Line {
    /// Opens a line to `host:port`; encrypted from the first byte where `is_tls`.
    pub(super) async fn open(outbound: &Outbound, server: &str, is_tls: bool) -> Result<Self, String> {
        let host = server.rsplit_once(':').map_or(server, |(host, _)| host).trim_matches(['[', ']']).to_owned();
        let stream = outbound.connect(server).await.map_err(|error| format!("the server is not reached: {error}"))?;
        // Small commands, each of which is waited for.
        let _ = stream.set_nodelay(true);
        let line = Self { wire: BufReader::new(Box::new(stream)), host };
        if is_tls { line.encrypted().await } else { Ok(line) }
    }

    /// Encrypts the line from here on. Nothing that came before is believed.
    pub(super) async fn encrypted(self) -> Result<Self, String> {
        let connecting = outbound::encrypted(self.wire.into_inner(), &self.host);
        let connected = timeout(PATIENCE, connecting).await.map_err(|error| error.to_string())?;
        let stream = connected.map_err(|error| format!("no encryption: {error}"))?;
        Ok(Self { wire: BufReader::new(Box::new(stream)), host: self.host })
    }

    /// Reads up to the next line end, which belongs to it. A line longer than `most` ends the conversation.
    pub(super) async fn read(&mut self, most: u64, patience: Duration) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        let mut limited = (&mut self.wire).take(most);
        let read = timeout(patience, limited.read_until(b'\n', &mut bytes)).await;
        read.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
        match bytes.last() {
            None => Err("the server hung up".to_owned()),
            Some(b'\n') => Ok(bytes),
            Some(_) => Err("the server sent a line without an end".to_owned()),
        }
    }

    /// Reads so many bytes, and keeps the first `most` of them.
    pub(super) async fn read_exact(&mut self, count: u64, most: usize) -> Result<Vec<u8>, String> {
        let mut kept = Vec::with_capacity(usize::try_from(count).unwrap_or(most).min(most));
        let mut left = count;
        let mut piece = vec![0; 16 * 1024];
        while left > 0 {
            let wanted = piece.len().min(usize::try_from(left).unwrap_or(piece.len()));
            let read = timeout(PATIENCE, self.wire.read(&mut piece[..wanted])).await;
            let read = read.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
            if read == 0 {
                return Err("the server hung up".to_owned());
            }
            kept.extend_from_slice(&piece[..read.min(most - kept.len())]);
            left -= read as u64;
        }
        Ok(kept)
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), String> {
        let writing = async {
            self.wire.write_all(bytes).await?;
            self.wire.flush().await
        };
        timeout(PATIENCE, writing).await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
    }
}
