//! What is asked about files that are brought in.

use super::shelf::{FILE_BYTES_MAX, SHELF_BYTES_MAX, WAITING_MAX, body_of, file_name};
use super::{ImportFile, Uploads};
use crate::fail;
use crate::failure::{Failure, Result};
use crate::features::account::Keeper;
use crate::features::capture::import::mapping::Mapping;
use crate::features::capture::import::{Import, Preview, Summary, TriedRow, first_rows, glance, run, suggest};
use crate::features::capture::{Capture, Sources};
use crate::features::map::Maps;
use crate::platform::home::Stores;
use crate::platform::http::{Asked, Body, Problem, Refusal};
use crate::platform::mark;
use axum::Json;
use axum::extract::{Path as Part, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// A mapping is a page, not a book.
const MAPPING_BYTES_MAX: usize = 100_000;
/// A trial reads about so many rows: whoever mends a mapping waits for it after every stroke.
const TRIAL_ROWS: u64 = 20_000;

type Room = Uploads;

/// Returns the routes.
pub fn routes(capture: Capture, sources: Sources, stores: Stores) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list, send))
        .routes(routes!(show, discard))
        .routes(routes!(propose))
        .routes(routes!(try_out))
        .routes(routes!(begin))
        .routes(routes!(rejects))
        .with_state(Uploads::new(capture, sources, stores))
}

/// Is how a file is called.
#[derive(Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Named {
    /// Such as `orders.csv`.
    name: String,
}

/// Is a mapping, as its text or as the document that the text stands for: one of the two.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ImportMapping {
    /// What the columns mean, as TOML.
    #[serde(default)]
    mapping: Option<String>,
    /// The same keys as JSON.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    document: Option<Value>,
}

/// Is a proposed mapping, with the beginning of the file.
#[derive(Serialize, ToSchema)]
struct ImportProposal {
    /// The mapping, as TOML with comments.
    mapping: String,
    /// The same as JSON, for a form.
    #[schema(value_type = Object)]
    document: Value,
    /// What the proposal is unsure of.
    doubts: Vec<String>,
    /// The columns of the file.
    columns: Vec<String>,
    /// Its first rows, a cell for each column.
    rows: Vec<Vec<String>>,
}

/// Is what would become of a file.
#[derive(Serialize, ToSchema)]
struct ImportTrial {
    /// The mapping, as TOML.
    mapping: String,
    /// The same as JSON.
    #[schema(value_type = Object)]
    document: Value,
    /// The columns of the file, as the mapping has it read.
    columns: Vec<String>,
    /// The first rows and some that are refused, with what becomes of each.
    rows: Vec<TriedRow>,
    /// What was counted in the rows that were read, as `touchline import --format json` tells it.
    #[schema(value_type = Object)]
    summary: Summary,
    /// Whether the file was read to its end; a trial of a long one reads its beginning.
    whole: bool,
    /// How many kinds of signals no rule of the map binds.
    unmapped: usize,
}

/// Lists what was brought in through the browser, the latest first.
#[utoipa::path(get, path = "/api/capture/imports", tag = "capture", responses(
    (status = 200, body = Vec<ImportFile>),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
))]
async fn list(State(uploads): State<Room>, _: Keeper) -> Result<Json<Vec<ImportFile>>, Refusal> {
    Ok(Json(uploads.list().await?))
}

/// Sends a file up, to be imported later.
#[utoipa::path(post, path = "/api/capture/imports", tag = "capture", params(Named),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "The file."), responses(
    (status = 201, body = ImportFile),
    (status = 400, description = "The file is empty, too long, or did not come whole.", body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 409, description = "Too many files wait.", body = Problem),
    (status = 503, description = "Others are being sent up.", body = Problem),
))]
async fn send(
    Keeper(who): Keeper,
    State(uploads): State<Room>,
    Asked(named): Asked<Named>,
    request: Request,
) -> Result<Response, Refusal> {
    let (waiting, bytes) = uploads.waiting().await?;
    if waiting >= WAITING_MAX || bytes + FILE_BYTES_MAX > SHELF_BYTES_MAX {
        let many = fail!(imports_waiting, "{files} files wait already", "Import or discard some of them first", files = waiting);
        return Err(Refusal::because_of(StatusCode::CONFLICT, many));
    }
    let (id, name) = (drawn()?, file_name(&named.name));
    let bytes = uploads.shelf.keep(&id, &name, request.into_body()).await?;
    uploads.add(&id, &name, bytes, who.name).await?;
    Ok((StatusCode::CREATED, Json(uploads.found(&id).await?)).into_response())
}

/// Shows a file that was brought in, and how far its import is.
#[utoipa::path(get, path = "/api/capture/imports/{id}", tag = "capture", params(("id" = String, Path, description = "Its number.")), responses(
    (status = 200, body = ImportFile),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 404, body = Problem),
))]
async fn show(_: Keeper, State(uploads): State<Room>, Part(id): Part<String>) -> Result<Json<ImportFile>, Refusal> {
    Ok(Json(uploads.found(&id).await?))
}

/// Calls off an import that runs, or deletes what is kept of a file. What was imported stays.
#[utoipa::path(delete, path = "/api/capture/imports/{id}", tag = "capture", params(("id" = String, Path, description = "Its number.")), responses(
    (status = 204),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 404, body = Problem),
))]
async fn discard(_: Keeper, State(uploads): State<Room>, Part(id): Part<String>) -> Result<StatusCode, Refusal> {
    let found = uploads.found(&id).await?;
    if let Some(run) = uploads.under_way(&id) {
        run.is_called_off.store(true, Ordering::Release);
        return Ok(StatusCode::NO_CONTENT);
    }
    uploads.shelf.drop_all(&id);
    if found.stage == "waiting" {
        uploads.end(&id, "discarded", None, None).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Proposes a mapping for a file, from its header and first rows.
#[utoipa::path(get, path = "/api/capture/imports/{id}/proposal", tag = "capture", params(("id" = String, Path, description = "Its number.")), responses(
    (status = 200, body = ImportProposal),
    (status = 400, description = "The file cannot be read.", body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 404, body = Problem),
    (status = 409, description = "The file is not kept any more.", body = Problem),
))]
async fn propose(_: Keeper, State(uploads): State<Room>, Part(id): Part<String>) -> Result<Json<ImportProposal>, Refusal> {
    let file = kept(&uploads, &id).await?.1;
    let proposed = apart(move || -> Result<ImportProposal> {
        let (proposal, glance) = (suggest(&file)?, glance(&file)?);
        let document = document_of(&proposal.mapping)?;
        let (columns, rows) = (glance.columns, glance.rows);
        Ok(ImportProposal { mapping: proposal.mapping, document, doubts: proposal.doubts, columns, rows })
    });
    Ok(Json(proposed.await?.map_err(Refusal::told)?))
}

/// Tells what would become of a file by a mapping, and stores nothing.
#[utoipa::path(post, path = "/api/capture/imports/{id}/try", tag = "capture", request_body = ImportMapping,
    params(("id" = String, Path, description = "Its number.")), responses(
    (status = 200, body = ImportTrial),
    (status = 400, description = "The mapping cannot be read, or does not fit the file.", body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 404, body = Problem),
    (status = 409, description = "The file is not kept any more.", body = Problem),
))]
async fn try_out(
    _: Keeper,
    State(uploads): State<Room>,
    Part(id): Part<String>,
    Body(asked): Body<ImportMapping>,
) -> Result<Json<ImportTrial>, Refusal> {
    let file = kept(&uploads, &id).await?.1;
    let (text, mapping) = read_mapping(asked)?;
    let map = Maps::new(uploads.stores.state.clone()).current().await?.map(|version| version.map);
    let turn = Arc::clone(&uploads.turn);
    let tried = apart(move || -> Result<ImportTrial> {
        let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
        let (columns, rows) = first_rows(&file, &mapping)?;
        let rows_max = Some(TRIAL_ROWS);
        let what = Import { file: &file, mapping: &mapping, mapping_folder: None, rejects_folder: None, dry_run: true, rows_max };
        let mut summary = run(&what, &mut Preview::default(), &mut |_| {})?;
        let is_unbound = |signature: &model::Signature| map.as_ref().is_none_or(|map| map.bind(signature).is_none());
        let unmapped = summary.signals.iter().filter(|(signature, _)| is_unbound(signature)).count();
        if let Some(map) = &map {
            summary.notes.extend(summary.foreign_currencies(map.currency));
        }
        let whole = summary.rows < TRIAL_ROWS;
        summary.signals.truncate(super::SIGNALS_TOLD);
        Ok(ImportTrial { document: document_of(&text)?, mapping: text, columns, rows, summary, whole, unmapped })
    });
    Ok(Json(tried.await?.map_err(Refusal::told)?))
}

/// Begins to import a file. It goes on when the browser is closed; ask how far it is.
#[utoipa::path(post, path = "/api/capture/imports/{id}/run", tag = "capture", request_body = ImportMapping,
    params(("id" = String, Path, description = "Its number.")), responses(
    (status = 202, body = ImportFile),
    (status = 400, description = "The mapping cannot be read.", body = Problem),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 404, body = Problem),
    (status = 409, description = "It was imported already, or another import runs.", body = Problem),
))]
async fn begin(
    _: Keeper,
    State(uploads): State<Room>,
    Part(id): Part<String>,
    Body(asked): Body<ImportMapping>,
) -> Result<Response, Refusal> {
    let file = kept(&uploads, &id).await?.1;
    let (text, mapping) = read_mapping(asked)?;
    uploads.begin(&id, file, mapping, &text).await?;
    Ok((StatusCode::ACCEPTED, Json(uploads.found(&id).await?)).into_response())
}

/// Returns rows that were refused, to be mended and sent up as a file of their own.
#[utoipa::path(get, path = "/api/capture/imports/{id}/rejects/{number}", tag = "capture", params(
    ("id" = String, Path, description = "The number of the import."),
    ("number" = usize, Path, description = "Which file of them, from 1; an archive may have several."),
), responses(
    (status = 200, body = String, content_type = "application/octet-stream"),
    (status = 401, body = Problem),
    (status = 403, body = Problem),
    (status = 404, body = Problem),
))]
async fn rejects(
    _: Keeper,
    State(uploads): State<Room>,
    Part((id, number)): Part<(String, String)>,
) -> Result<Response, Refusal> {
    uploads.found(&id).await?;
    let number = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    let Some(path) = number.and_then(|number| uploads.shelf.rejects(&id).into_iter().nth(number)) else {
        return Err(Refusal::because_of(
            StatusCode::NOT_FOUND,
            fail!(file_vanished, "No such refused rows are kept", "They are kept for a week after the import"),
        ));
    };
    let ending = path.extension().map_or("csv", |ending| if ending == "jsonl" { "jsonl" } else { "csv" });
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"rejected.{ending}\"")),
    ];
    Ok((headers, body_of(path)).into_response())
}

/// Finds a file that can be imported.
async fn kept(uploads: &Uploads, id: &str) -> Result<(ImportFile, PathBuf), Refusal> {
    let found = uploads.found(id).await?;
    match uploads.file_of(&found) {
        Some(path) => Ok((found, path)),
        None => {
            Err(Refusal::because_of(StatusCode::CONFLICT, fail!(file_gone, "The file is not kept any more", "Send it up again")))
        }
    }
}

/// Reads a mapping in either form; returns its text too.
fn read_mapping(asked: ImportMapping) -> Result<(String, Mapping), Refusal> {
    let text = match (asked.mapping, asked.document) {
        (Some(text), None) => text,
        (None, Some(document)) => text_of(document).map_err(Refusal::told)?,
        _ => {
            let one = fail!(mapping_one_way, "A mapping is either a text or a document", "Send `mapping` or `document`");
            return Err(Refusal::told(one));
        }
    };
    if text.len() > MAPPING_BYTES_MAX {
        let long = fail!(mapping_too_long, "The mapping is too long", "Write {limit} bytes at most", limit = MAPPING_BYTES_MAX);
        return Err(Refusal::told(long));
    }
    let mapping = Mapping::parse(&text, "the mapping").map_err(Refusal::told)?;
    if mapping.lookup.is_empty() {
        Ok((text, mapping))
    } else {
        // A lookup names a file of the server's machine, and whoever signs in may not read those.
        Err(Refusal::told(fail!(
            mapping_lookup,
            "A mapping with [lookup] cannot be used here",
            "Import the file with the command line"
        )))
    }
}

/// Writes the document of a mapping as text.
fn text_of(mut document: Value) -> Result<String> {
    drop_nulls(&mut document);
    let text = toml::Value::try_from(document).and_then(|value| toml::to_string(&value));
    text.map_err(|error| Failure::new("The document is not a mapping").because(&error))
}

/// Reads the text of a mapping as the document that it stands for.
fn document_of(text: &str) -> Result<Value> {
    let parsed: toml::Table = toml::from_str(text).map_err(|error| Failure::new("The text is not a mapping").because(&error))?;
    serde_json::to_value(parsed).map_err(|error| Failure::new("The text is not a mapping").because(&error))
}

/// Takes out what says nothing: TOML has no word for it.
fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

fn drawn() -> Result<String> {
    Ok(mark::draw()?[..16].to_owned())
}

/// Does work that waits for disks on a thread of its own.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Failure::new("The work broke off").because(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(mapping: &str) -> ImportMapping {
        ImportMapping { mapping: Some(mapping.to_owned()), document: None }
    }

    #[test]
    fn a_mapping_cannot_read_files_of_the_machine() {
        let plain = "source = \"t\"\n[time]\nconstant = \"2026-01-01\"\n";
        assert!(read_mapping(text(plain)).is_ok());
        let lookup = format!("{plain}[lookup.shops]\nfile = \"/etc/passwd\"\nkey = \"a\"\ncolumn = \"b\"\ntake = [\"c\"]\n");
        let refused = read_mapping(text(&lookup)).expect_err("is refused");
        assert!(refused.problem.what.contains("[lookup]"), "{:?}", refused.problem);
    }

    #[test]
    fn text_and_document_are_one_mapping() {
        let mapping = "source = \"t\"\nid = [\"n\"]\ntraits = { plan = \"p\" }\n\
            form = { column = \"kind\", map = { k = \"call\" }, other = \"visit\" }\n[time]\ncolumn = \"at\"\n\
            [person]\nidentities = [{ namespace = \"email\", column = \"m\", lowercase = true }]\n\
            [[skip]]\nbecause = \"x\"\nwhen = [{ column = \"k\", less_than = 1.5 }]\n";
        let mut document = document_of(mapping).expect("is TOML");
        document["value"] = Value::Null;
        let asked = ImportMapping { mapping: None, document: Some(document) };
        let (_, from_document) = read_mapping(asked).expect("is a mapping");
        let (_, from_text) = read_mapping(text(mapping)).expect("is a mapping");
        assert_eq!(from_document, from_text);
        assert!(read_mapping(ImportMapping { mapping: None, document: None }).is_err());
    }
}
