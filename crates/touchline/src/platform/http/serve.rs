//! Serving and stopping: a first signal asks to finish, a second one insists.

use super::Peer;
use crate::failure::{Failure, Result};
use axum::Router;
use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::Request;
use axum::http::request::Parts;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tower::ServiceExt;

/// How long open requests may take to finish after the first signal.
const GRACE: Duration = Duration::from_secs(10);

/// Is what bounds the connections of a server.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Connections at one time. Beyond it new ones wait with the system until one ends.
    pub connections: usize,
    /// How long the headers of one request may take to arrive, the silence before them included: whoever drips them
    /// byte by byte holds a connection no longer than this, and so does whoever keeps one open for nothing.
    pub headers_time: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { connections: 4_096, headers_time: Duration::from_secs(30) }
    }
}

/// What one connection may have in memory of headers and of the part of a body that nobody has read yet.
const BUFFER_BYTES_MAX: usize = 64 * 1024;
/// How long to wait when no connection can be accepted, for example because no file may be opened any more.
const ACCEPT_AGAIN: Duration = Duration::from_millis(200);

/// Serves a site until `stop` is done, then lets open requests finish for a while.
pub async fn serve(listener: TcpListener, site: Router, bounds: Bounds, stop: impl Future<Output = ()> + Send) {
    let room = Arc::new(Semaphore::new(bounds.connections));
    let (stopping, stopped) = watch::channel(());
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            (connection, peer, place) = accept(&listener, &room) => {
                let serving = attend(connection, peer, bounds.headers_time, site.clone(), stopped.clone());
                tokio::spawn(async move {
                    serving.await;
                    drop(place);
                });
            }
        }
    }
    drop(listener);
    // Every connection holds a receiver until it ends. Nobody listens when there is none.
    drop(stopped);
    let _ = stopping.send(());
    let _ = tokio::time::timeout(GRACE, stopping.closed()).await;
}

/// Waits for room, and then for a connection.
async fn accept(listener: &TcpListener, room: &Arc<Semaphore>) -> (TcpStream, Peer, OwnedSemaphorePermit) {
    let place = Arc::clone(room).acquire_owned().await.expect("the room is never closed");
    loop {
        match listener.accept().await {
            Ok((connection, address)) => return (connection, Peer(address.ip()), place),
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(ACCEPT_AGAIN).await;
            }
        }
    }
}

/// Answers the requests of one connection, one after the other.
async fn attend(connection: TcpStream, peer: Peer, headers_time: Duration, site: Router, mut stopped: watch::Receiver<()>) {
    // Answers are small and wanted at once; where that cannot be set they are a little later.
    let _ = connection.set_nodelay(true);
    let stopping = Stopping(Some(stopped.clone()));
    let answer = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(peer);
        request.extensions_mut().insert(stopping.clone());
        site.clone().oneshot(request)
    });
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(headers_time).max_buf_size(BUFFER_BYTES_MAX);
    let mut serving = pin!(server.serve_connection(TokioIo::new(connection), answer));
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        _ = stopped.changed() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    // A client that went away or spoke no HTTP is no event of ours.
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// Tells an answer without an end, such as a stream of news, when it is time to end. To be taken as an argument.
#[derive(Clone)]
pub struct Stopping(Option<watch::Receiver<()>>);

impl Stopping {
    /// Waits until the server begins to stop; for ever where none serves, as in tests.
    pub async fn begun(&mut self) {
        match &mut self.0 {
            // An error says that the server is gone already.
            Some(begun) => drop(begun.changed().await),
            None => std::future::pending().await,
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Stopping {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or(Self(None)))
    }
}

/// Waits for the first signal to stop; a second one ends the process at once.
///
/// # Errors
/// Fails when the system refuses to pass signals on.
pub fn stop_signal() -> Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let listen = |kind| signal(kind).map_err(|error| Failure::new("Cannot listen to signals").because(&error));
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
        tokio::spawn(async move {
            tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
            std::process::exit(130);
        });
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::oneshot;

    /// Serves within bounds until the sender is dropped. Returns where, and the task that ends when all is served.
    async fn stage(bounds: Bounds) -> (std::net::SocketAddr, oneshot::Sender<()>, tokio::task::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("listens");
        let address = listener.local_addr().expect("has an address");
        let (stop, stopped) = oneshot::channel::<()>();
        let site = Router::new().route("/", get(async || "here"));
        let serving = tokio::spawn(serve(listener, site, bounds, async move { drop(stopped.await) }));
        (address, stop, serving)
    }

    /// Sends something and reads until the server closes.
    async fn told(address: std::net::SocketAddr, request: &[u8]) -> String {
        let mut connection = TcpStream::connect(address).await.expect("connects");
        // A server that has read enough may close before all is sent.
        let _ = connection.write_all(request).await;
        let mut answer = Vec::new();
        // A connection may also be closed while something of it is unread: what came before counts.
        let _ = connection.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    const WHOLE: &[u8] = b"GET / HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n";

    #[tokio::test]
    async fn whoever_drips_is_shown_the_door() {
        let (address, _stop, _) = stage(Bounds { headers_time: Duration::from_millis(50), ..Bounds::default() }).await;
        // That these end at all is the test: nothing else would close them.
        assert!(!told(address, b"GET / HT").await.contains("200 OK"));
        assert_eq!(told(address, b"").await, "");
        assert!(told(address, WHOLE).await.ends_with("here"));
    }

    #[tokio::test]
    async fn whoever_comes_beyond_the_bound_waits() {
        let (address, _stop, _) = stage(Bounds { connections: 1, headers_time: Duration::from_millis(50) }).await;
        let _idle = TcpStream::connect(address).await.expect("connects");
        assert!(told(address, WHOLE).await.ends_with("here"));
    }

    #[tokio::test]
    async fn headers_have_a_bound() {
        let (address, _stop, _) = stage(Bounds::default()).await;
        let large = [b"GET / HTTP/1.1\r\nx: " as &[u8], &vec![b'x'; 4 * BUFFER_BYTES_MAX]].concat();
        // It never ends, so that only the bound can have closed it.
        assert!(!told(address, &large).await.contains("200 OK"));
    }

    #[tokio::test]
    async fn stopping_ends_answers_without_an_end() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("listens");
        let address = listener.local_addr().expect("has an address");
        let (stop, stopped) = oneshot::channel::<()>();
        let (reached, waits) = oneshot::channel::<()>();
        let reached = Arc::new(std::sync::Mutex::new(Some(reached)));
        let endless = async move |mut stopping: Stopping| {
            drop(reached.lock().expect("is whole").take());
            stopping.begun().await;
            "the end"
        };
        let site = Router::new().route("/", get(endless));
        let serving = tokio::spawn(serve(listener, site, Bounds::default(), async move { drop(stopped.await) }));
        let answer = tokio::spawn(async move { told(address, WHOLE).await });
        let _ = waits.await;
        drop(stop);
        assert!(answer.await.expect("ends").ends_with("the end"));
        serving.await.expect("ends");
    }

    #[tokio::test]
    async fn stopping_ends_idle_connections() {
        let (address, stop, serving) = stage(Bounds::default()).await;
        let mut idle = TcpStream::connect(address).await.expect("connects");
        idle.write_all(b"GET / HTTP/1.1\r\nhost: here\r\n\r\n").await.expect("sends");
        let mut first = [0];
        idle.read_exact(&mut first).await.expect("is answered");
        drop(stop);
        serving.await.expect("ends");
    }
}
