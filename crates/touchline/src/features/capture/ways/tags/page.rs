//! What somebody reads whose code leads nowhere: a short page in their language that blames nobody.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// The sentences, by language: title, and what to do.
const WORDS: [(&str, &str, &str); 3] = [
    ("en", "This code leads nowhere", "It may be mistyped, or no longer in use. Please ask whoever gave it to you."),
    (
        "fr",
        "Ce code ne mène nulle part",
        "Il est peut-être mal saisi, ou n’est plus utilisé. Demandez à la personne qui vous l’a donné.",
    ),
    ("ru", "Этот код никуда не ведёт", "Возможно, в нём опечатка или он больше не действует. Спросите того, кто его дал."),
];

/// Answers for a code that is unknown (404) or retired (410). Nothing of the request stands in the page.
pub(super) fn nowhere(status: StatusCode, headers: &HeaderMap) -> Response {
    let asked = headers.get(header::ACCEPT_LANGUAGE).and_then(|languages| languages.to_str().ok()).unwrap_or_default();
    let spoken = asked.split(',').filter_map(|language| language.trim().get(..2));
    let mut known = spoken.filter_map(|spoken| WORDS.iter().find(|(language, ..)| language.eq_ignore_ascii_case(spoken)));
    let (language, title, text) = known.next().unwrap_or(&WORDS[0]);
    let page = format!(
        "<!doctype html><html lang=\"{language}\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"robots\" content=\"noindex\"><title>{title}</title><main><h1>{title}</h1><p>{text}</p></main></html>"
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, page).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(asked: Option<&'static str>, language: &str) {
        let mut headers = HeaderMap::new();
        if let Some(asked) = asked {
            headers.insert(header::ACCEPT_LANGUAGE, asked.parse().expect("a header"));
        }
        let answer = nowhere(StatusCode::NOT_FOUND, &headers);
        let body = futures_body(answer);
        assert!(body.contains(&format!("lang=\"{language}\"")), "{asked:?}: {body}");
    }

    fn futures_body(answer: Response) -> String {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("runs");
        let bytes = runtime.block_on(axum::body::to_bytes(answer.into_body(), 10_000)).expect("is short");
        String::from_utf8(bytes.to_vec()).expect("is text")
    }

    #[test]
    fn it_speaks_the_language_of_the_browser_where_it_can() {
        check(None, "en");
        check(Some("fr-CH, fr;q=0.9, en;q=0.8"), "fr");
        check(Some("de, ru;q=0.5"), "ru");
        check(Some("é, x"), "en");
    }
}
