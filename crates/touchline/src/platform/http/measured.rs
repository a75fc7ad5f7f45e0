//! How many requests come, how they end and how long they take, per route: the template of its path, never the path.

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use std::time::Instant;

/// Measures the requests of the routes below it.
pub async fn measured(request: Request, next: Next) -> Response {
    // What is no route of ours is a page of the browser application, or nothing.
    let route = request.extensions().get::<MatchedPath>().map_or("page", MatchedPath::as_str).to_owned();
    let method = name(request.method());
    let began = Instant::now();
    let response = next.run(request).await;
    let status = response.status().as_u16().to_string();
    metrics::counter!("touchline_http_requests_total", "method" => method, "route" => route.clone(), "status" => status)
        .increment(1);
    metrics::histogram!("touchline_http_request_seconds", "method" => method, "route" => route)
        .record(began.elapsed().as_secs_f64());
    response
}

/// Anybody may invent methods; they get one label.
const fn name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::PATCH => "PATCH",
        _ => "other",
    }
}
