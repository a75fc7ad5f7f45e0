//! What the widget wears: its own colour, or that of the organisation where none was chosen, and the organisation's logo.

use super::Talk;
use super::settings::WidgetSettings;
use crate::failure::Result;
use crate::features::account::{Accounts, Organisation};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Is what pages see of the organisation.
pub(super) struct Brand {
    /// The settings of the widget, with the colour that it has in the end.
    pub(super) widget: WidgetSettings,
    logo: String,
}

impl Brand {
    pub(super) async fn of(talk: &Talk) -> Result<Self> {
        let stores = &talk.inbox.stores;
        let Organisation { colour, logo, .. } = Accounts::new(stores.state.clone(), stores.clock.clone()).organisation().await?;
        let mut widget = talk.inbox.settings().await?.widget;
        if widget.colour == WidgetSettings::default().colour && !colour.is_empty() {
            widget.colour = colour;
        }
        Ok(Self { widget, logo })
    }

    /// Tells whether there is a logo.
    pub(super) const fn has_logo(&self) -> bool {
        !self.logo.is_empty()
    }

    /// Returns the logo as a picture.
    pub(super) fn picture(&self) -> Response {
        let told = self.logo.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,"));
        let picture = told.and_then(|(kind, text)| Some((HeaderValue::from_str(kind).ok()?, STANDARD.decode(text).ok()?)));
        let Some((kind, bytes)) = picture else { return StatusCode::NOT_FOUND.into_response() };
        let mut response = bytes.into_response();
        for (name, value) in [
            (header::CONTENT_TYPE, kind),
            (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600")),
            (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
            (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
        ] {
            response.headers_mut().insert(name, value);
        }
        response.headers_mut().insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
        response
    }
}
