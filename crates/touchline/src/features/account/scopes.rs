//! What a token for programs may do: `read` or `write`, everywhere or in one room, such as `read:measure`.

use axum::http::Method;

/// The rooms that a scope can name: the first part of a path behind `/api/`.
pub(super) const AREAS: [&str; 10] =
    ["map", "people", "capture", "conversations", "feedback", "measure", "improve", "goals", "operate", "live"];

/// Ends of paths that are asked with `POST` because a question may hold personal data or be long; they change nothing.
const QUESTIONS: [&str; 17] = [
    "/preview",
    "/find",
    "/explain",
    "/extent",
    "/try",
    "/allocate",
    "/simulate",
    "/search",
    "/propose",
    "/list",
    "/tools",
    "/conformance",
    "/trial",
    "/measure/attribution",
    "/measure/funnel",
    "/measure/retention",
    "/measure/segments/count",
];

/// Tells whether a request only asks.
#[must_use]
pub fn only_asks(method: &Method, path: &str) -> bool {
    // To try a channel tells its platform where to send from now on.
    let is_question = QUESTIONS.iter().any(|end| path.ends_with(end)) && !path.starts_with("/api/conversations/channels/");
    [Method::GET, Method::HEAD, Method::OPTIONS].contains(method) || (*method == Method::POST && is_question)
}

/// Tells whether a text is a scope.
#[must_use]
pub(super) fn is_scope(scope: &str) -> bool {
    let (kind, area) = scope.split_once(':').map_or((scope, None), |(kind, area)| (kind, Some(area)));
    ["read", "write"].contains(&kind) && area.is_none_or(|area| AREAS.contains(&area))
}

/// Tells whether scopes, with commas between them, allow a request. No token reaches accounts: it could make itself
/// rights that it was not given.
#[must_use]
pub(super) fn allow(scopes: &str, method: &Method, path: &str) -> bool {
    let area = path.strip_prefix("/api/").and_then(|rest| rest.split('/').next()).unwrap_or_default();
    let kind = if only_asks(method, path) { "read" } else { "write" };
    AREAS.contains(&area)
        && scopes.split(',').any(|scope| match scope.split_once(':') {
            None => scope == kind,
            Some((allowed, room)) => allowed == kind && room == area,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_allow_what_they_name_and_no_more() {
        for (scopes, method, path, expected) in [
            ("read", Method::GET, "/api/map", true),
            ("read", Method::POST, "/api/measure/funnel", true),
            ("read", Method::POST, "/api/map/rules/preview", true),
            ("read", Method::POST, "/api/measure/segments/count", true),
            ("read", Method::POST, "/api/capture/hooks/shop/try", true),
            ("read", Method::POST, "/api/conversations/channels/7/try", false),
            ("read", Method::POST, "/api/capture/retention", false),
            ("read", Method::POST, "/api/measure/alerts", false),
            ("read:measure", Method::POST, "/api/measure/annotations", false),
            ("read:measure", Method::POST, "/api/measure/reports", false),
            ("write:measure", Method::POST, "/api/measure/reports", true),
            ("read", Method::POST, "/api/map/rules", false),
            ("read:measure", Method::GET, "/api/measure/map", true),
            ("read:measure", Method::GET, "/api/map", false),
            ("write", Method::GET, "/api/map", false),
            ("read,write:map", Method::POST, "/api/map/rules", true),
            ("read,write:map", Method::POST, "/api/people/merge", false),
            ("read,write", Method::GET, "/api/account/tokens", false),
            ("read,write", Method::POST, "/api/account/members", false),
            ("read,write", Method::PUT, "/api/organisation", false),
            ("", Method::GET, "/api/map", false),
            ("read", Method::GET, "/api", false),
        ] {
            assert_eq!(allow(scopes, &method, path), expected, "{scopes} {method} {path}");
        }
    }

    #[test]
    fn only_what_exists_is_a_scope() {
        for good in ["read", "write", "read:people"] {
            assert!(is_scope(good), "{good}");
        }
        for bad in ["", "admin", "read:", "read:account", "Read", "read:map:x"] {
            assert!(!is_scope(bad), "{bad}");
        }
    }
}
