//! What a token for programs may do: `read` or `write`, everywhere or in one room, such as `read:measure`.

use axum::http::Method;

/// The rooms that a scope can name: the first part of a path behind `/api/`.
pub(super) const AREAS: [&str; 10] =
    ["map", "people", "capture", "conversations", "feedback", "measure", "improve", "goals", "operate", "live"];

/// What is asked with `POST` because a question may hold personal data or be long, and changes nothing here or elsewhere.
/// Whatever is not named changes something: a route that is forgotten here is refused to whoever may only read.
const QUESTIONS: [&str; 18] = [
    "/api/capture/hooks/{name}/try",
    "/api/capture/imports/{id}/try",
    "/api/conversations/settings/mail/try",
    "/api/feedback/surveys/preview",
    "/api/goals/tools",
    "/api/improve/allocate",
    "/api/improve/conformance",
    "/api/improve/trial",
    "/api/map/rules/preview",
    "/api/measure/attribution",
    "/api/measure/funnel",
    "/api/measure/retention",
    "/api/measure/segments/count",
    "/api/people/erase/extent",
    "/api/people/explain",
    "/api/people/find",
    "/api/people/list",
    "/api/people/policy/preview",
];

/// Tells whether a request only asks, by its path or by the route that the path has found.
#[must_use]
pub fn only_asks(method: &Method, path: &str) -> bool {
    let reads = [Method::GET, Method::HEAD, Method::OPTIONS].contains(method);
    reads || (*method == Method::POST && QUESTIONS.iter().any(|question| is_at(question, path)))
}

/// Tells whether a path is one of a route: its parts in braces stand for anything.
fn is_at(route: &str, path: &str) -> bool {
    let (parts, of_path): (Vec<&str>, Vec<&str>) = (route.split('/').collect(), path.split('/').collect());
    parts.len() == of_path.len() && parts.iter().zip(of_path).all(|(part, of_path)| *part == of_path || part.starts_with('{'))
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
    fn every_question_is_a_route_that_is_asked_with_post() {
        let document = include_str!("../../../../../web/openapi.json");
        let document: serde_json::Value = serde_json::from_str(document).expect("is JSON");
        for question in QUESTIONS {
            assert!(document["paths"][question]["post"].is_object(), "{question}");
            assert!(only_asks(&Method::POST, question), "{question} as a route");
            assert!(!only_asks(&Method::PUT, question), "{question} with another method");
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
