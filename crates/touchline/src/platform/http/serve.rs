//! Serving and stopping: a first signal asks to finish, a second one insists.

use crate::failure::{Failure, Result};
use axum::Router;
use std::future::Future;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// How long open requests may take to finish after the first signal.
const GRACE: Duration = Duration::from_secs(10);

/// Serves a site until `stop` is done, then lets open requests finish for a while.
///
/// # Errors
/// Fails when the listener breaks.
pub async fn serve(listener: TcpListener, site: Router, stop: impl Future<Output = ()> + Send + 'static) -> Result<()> {
    let (stopping, stopped) = oneshot::channel();
    let finish = async move {
        stop.await;
        // Nobody listens any more only when the server itself has failed.
        let _ = stopping.send(());
    };
    let serving = std::future::IntoFuture::into_future(axum::serve(listener, site).with_graceful_shutdown(finish));
    let overdue = async {
        if stopped.await.is_ok() {
            tokio::time::sleep(GRACE).await;
        } else {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        served = serving => served.map_err(|error| Failure::new("The server stopped").because(&error)),
        () = overdue => Ok(()),
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
