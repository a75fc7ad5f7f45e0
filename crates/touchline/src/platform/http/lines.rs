//! Long work over HTTP: the answer is lines of JSON, first how far it is, at last what came out.
//!
//! `{"done":3,"of":10}` … `{"result":…}` or `{"problem":{"what":…,"because":[…],"hint":…}}`. The status is 200 all the
//! same, for it is sent before the work is done.

use super::Problem;
use crate::failure::Result;
use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream::poll_fn;
use serde_json::{Value, json};
use std::convert::Infallible;
use tokio::sync::mpsc;

/// Is how many lines wait for a slow reader; beyond them, progress is not told.
const LINES_WAITING: usize = 16;

/// Does some work on a thread that may block, and tells of it in lines. The work goes on when the reader leaves.
pub fn lines(work: impl FnOnce(&mut dyn FnMut(u64, u64)) -> Result<Value> + Send + 'static) -> Response {
    let (say, mut said) = mpsc::channel::<String>(LINES_WAITING);
    tokio::task::spawn_blocking(move || {
        let mut last = None;
        let outcome = work(&mut |done, of| {
            let percent = done.saturating_mul(100) / of.max(1);
            if last.replace(percent) != Some(percent) {
                let _ = say.try_send(line(&json!({ "done": done, "of": of })));
            }
        });
        let end = match outcome {
            Ok(result) => json!({ "result": result }),
            Err(failure) => json!({ "problem": Problem::from(failure) }),
        };
        let _ = say.blocking_send(line(&end));
    });
    let lines = poll_fn(move |context| said.poll_recv(context).map(|line| line.map(Ok::<_, Infallible>)));
    ([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(lines)).into_response()
}

fn line(value: &Value) -> String {
    format!("{value}\n")
}
