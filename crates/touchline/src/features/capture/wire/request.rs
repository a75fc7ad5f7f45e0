//! What a request brings, before any format reads it: body, headers, address, and who called.
//!
//! Clients of other people mean well and write carelessly: JSON comes as `text/plain`, as a form or with no type at
//! all, packed without a word about it, or wrapped in `data=`. All of that is undone here, once, within limits, so
//! that a format sees plain bytes. What the bytes mean is left to the formats.

use super::super::Caller;
use super::limits::{BODIES_BYTES_MAX, BODY_BYTES_MAX, BODY_TIME_MAX, KEY_BYTES_MAX};
use crate::platform::http::Peer;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri, header};
use base64::Engine;
use base64::alphabet;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::GeneralPurposeConfig;
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use std::borrow::Cow;
use std::future::poll_fn;
use std::io::Read;
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Is a request in plain bytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Incoming {
    /// The path and the query of its address; empty when a refused event is read again.
    pub(crate) uri: Uri,
    /// Its headers.
    pub(crate) headers: HeaderMap,
    /// Its body, unpacked and out of its form.
    pub(crate) body: Bytes,
    /// Who called.
    pub(crate) caller: Caller,
}

/// Is why no format gets to see a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unreceived {
    /// It is larger than anything is read, packed or unpacked.
    TooLarge,
    /// It is packed in a way that nobody reads here.
    UnknownPacking,
    /// It says how it is packed, and is not, or breaks off.
    Broken,
    /// It took too long to arrive.
    TooSlow,
    /// Too much is being read for others at this moment.
    Crowded,
}

/// Bounds the bytes of all bodies that are in memory at one time.
#[derive(Clone)]
pub(crate) struct Room(Arc<Semaphore>);

/// Is the part of the room that one body takes until it is dropped.
pub(crate) struct Place {
    room: Arc<Semaphore>,
    permits: Option<OwnedSemaphorePermit>,
}

/// The room is counted in pieces of this size: enough of them fit into 32 bits.
const PIECE_BYTES: usize = 1024;

impl Default for Room {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(BODIES_BYTES_MAX / PIECE_BYTES)))
    }
}

impl Room {
    fn place(&self) -> Place {
        Place { room: Arc::clone(&self.0), permits: None }
    }
}

impl Place {
    /// Takes room for so many bytes more.
    fn widen(&mut self, bytes: usize) -> Result<(), Unreceived> {
        let pieces = u32::try_from(bytes.div_ceil(PIECE_BYTES)).map_err(|_| Unreceived::TooLarge)?;
        let more = Arc::clone(&self.room).try_acquire_many_owned(pieces).map_err(|_| Unreceived::Crowded)?;
        match &mut self.permits {
            Some(permits) => permits.merge(more),
            None => self.permits = Some(more),
        }
        Ok(())
    }
}

impl Incoming {
    /// Receives a request. The place is held as long as its bytes are.
    pub(crate) async fn receive(parts: Parts, body: Body, room: &Room) -> Result<(Self, Place), Unreceived> {
        let mut place = room.place();
        let announced = parts.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if announced.is_some_and(|length| length > BODY_BYTES_MAX as u64) {
            return Err(Unreceived::TooLarge);
        }
        let reading = tokio::time::timeout(BODY_TIME_MAX, read(body, &mut place));
        let packed = reading.await.map_err(|_| Unreceived::TooSlow)??;
        let body = out_of_its_form(unpacked(packed, &parts.headers, &mut place)?);
        let peer = parts.extensions.get::<Peer>().map(|peer| peer.0);
        let caller = Caller::of(&parts.headers, peer);
        Ok((Self { uri: parts.uri, headers: parts.headers, body, caller }, place))
    }

    /// Makes a request of an event that was refused earlier, to be read again.
    pub(crate) fn again(raw: &[u8]) -> Self {
        Self { body: Bytes::copy_from_slice(raw), ..Self::default() }
    }

    /// Returns a header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok().map(str::trim).filter(|text| !text.is_empty())
    }

    /// Returns a parameter of the address, decoded.
    pub(crate) fn asked(&self, name: &str) -> Option<Cow<'_, str>> {
        url::form_urlencoded::parse(self.uri.query()?.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// Returns the last part of the path.
    pub(crate) fn last_part(&self) -> &str {
        self.uri.path().trim_end_matches('/').rsplit('/').next().unwrap_or_default()
    }

    /// Returns what may be a key in headers and address, likeliest first.
    ///
    /// A key stands alone, or as `ID:KEY` for clients that insist on a pair, or as `KEY:` for those of Segment.
    pub(crate) fn keys(&self) -> Vec<String> {
        let basic = self.header("authorization").and_then(|value| after_word(value, "basic")).and_then(from_base64);
        let bearer = self.header("authorization").and_then(|value| after_word(value, "bearer")).map(str::to_owned);
        let named = ["x-write-key", "x-writekey"].into_iter().find_map(|name| self.header(name)).map(str::to_owned);
        let asked = ["writeKey", "writekey", "write_key"].into_iter().find_map(|name| self.asked(name)).map(Cow::into_owned);
        let mut keys = Vec::new();
        for said in [basic, named, asked, bearer].into_iter().flatten().filter(|said| said.len() <= KEY_BYTES_MAX) {
            if let Some((id, secret)) = said.split_once(':') {
                keys.extend([secret, id].into_iter().filter(|part| !part.is_empty()).map(str::to_owned));
            } else {
                keys.push(said);
            }
        }
        keys
    }
}

/// Returns what follows a word and a space, whatever the case of the word.
fn after_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (head, rest) = text.split_once(' ')?;
    head.eq_ignore_ascii_case(word).then(|| rest.trim())
}

pub(super) fn from_base64(text: &str) -> Option<String> {
    String::from_utf8(decode_base64(text.as_bytes())?).ok()
}

/// Reads either alphabet of base64, padded or not.
pub(crate) fn decode_base64(text: &[u8]) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent);
    const EITHER: [GeneralPurpose; 2] =
        [GeneralPurpose::new(&alphabet::STANDARD, LENIENT), GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT)];
    EITHER.iter().find_map(|engine| engine.decode(text.trim_ascii()).ok())
}

async fn read(mut body: Body, place: &mut Place) -> Result<Vec<u8>, Unreceived> {
    let mut bytes = Vec::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let frame = frame.map_err(|_| Unreceived::Broken)?;
        let Some(data) = frame.data_ref() else { continue };
        if bytes.len() + data.len() > BODY_BYTES_MAX {
            return Err(Unreceived::TooLarge);
        }
        place.widen(data.len())?;
        bytes.extend_from_slice(data);
    }
    Ok(bytes)
}

/// Unpacks a body: by what it says, and by its first bytes where it says nothing, as posthog-js does.
fn unpacked(body: Vec<u8>, headers: &HeaderMap, place: &mut Place) -> Result<Vec<u8>, Unreceived> {
    let said = headers.get(header::CONTENT_ENCODING).map_or(Ok(""), |value| value.to_str()).unwrap_or("?");
    let is_gzip = body.starts_with(&[0x1f, 0x8b]);
    match said.trim().to_ascii_lowercase().as_str() {
        // Some clients say `gzip` and send plain text; some proxies unpack and leave the header.
        "" | "identity" | "gzip" | "x-gzip" | "utf-8" if is_gzip => inflate(MultiGzDecoder::new(&body[..]), place),
        "deflate" => inflate(ZlibDecoder::new(&body[..]), place),
        "" | "identity" | "gzip" | "x-gzip" | "utf-8" => Ok(body),
        _ => Err(Unreceived::UnknownPacking),
    }
}

/// Inflates in steps, so that a bomb is noticed at the limit and not after it.
fn inflate(mut packed: impl Read, place: &mut Place) -> Result<Vec<u8>, Unreceived> {
    const STEP: usize = 64 * 1024;
    let mut plain = Vec::new();
    let mut step = vec![0; STEP];
    loop {
        let read = packed.read(&mut step).map_err(|_| Unreceived::Broken)?;
        if read == 0 {
            return Ok(plain);
        }
        if plain.len() + read > BODY_BYTES_MAX {
            return Err(Unreceived::TooLarge);
        }
        place.widen(read)?;
        plain.extend_from_slice(&step[..read]);
    }
}

/// Takes the payload out of `data=…`, plain or in base64. Everything else stays as it is: no JSON begins so.
fn out_of_its_form(body: Vec<u8>) -> Bytes {
    let body = match body.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => rest.to_vec(),
        None => body,
    };
    if !body.starts_with(b"data=") {
        return body.into();
    }
    let data = url::form_urlencoded::parse(&body).next().map(|(_, value)| value.into_owned()).unwrap_or_default();
    if data.trim_start().starts_with(['{', '[']) {
        return data.into();
    }
    decode_base64(data.as_bytes()).map_or_else(|| data.clone().into(), Bytes::from)
}
