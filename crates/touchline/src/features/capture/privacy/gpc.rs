//! `/.well-known/gpc.json`: says in public whether the browser's signal `Sec-GPC` is honoured here.

use crate::features::capture::{SignalPolicy, Source, SourceKind, Sources};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

/// Returns the route. It is open to everybody: it is addressed to browsers and authorities.
pub fn well_known(sources: Sources) -> Router {
    let answer = async move || Json(statement(&sources));
    Router::new().route("/.well-known/gpc.json", get(answer))
}

/// Says `true` only where every site honours the signal. The date of the last change is left out, which its
/// specification allows: we do not keep it.
fn statement(sources: &Sources) -> Value {
    let ignores = |source: &Source| source.kind == SourceKind::Site && source.settings.gpc == SignalPolicy::Ignore;
    json!({ "gpc": !sources.all().iter().any(|source| ignores(source)) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::capture::SourceSettings;
    use model::Instant;
    use state::State;

    #[tokio::test]
    async fn one_site_that_ignores_it_is_told() {
        let dir = tempfile::tempdir().expect("folder");
        let state = State::create(&dir.path().join("state.sqlite")).await.expect("opens");
        let sources = Sources::load(state).await.expect("loads");
        assert_eq!(statement(&sources), json!({ "gpc": true }));
        let ignoring = SourceSettings { gpc: SignalPolicy::Ignore, ..SourceSettings::default() };
        sources.add("till", SourceKind::Server, ignoring.clone(), Instant(0)).await.expect("adds");
        assert_eq!(statement(&sources), json!({ "gpc": true }));
        sources.add("site", SourceKind::Site, ignoring, Instant(0)).await.expect("adds");
        assert_eq!(statement(&sources), json!({ "gpc": false }));
    }
}
