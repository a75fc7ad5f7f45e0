//! Mappings that are ready: the order bodies of shops, and a plain form for everybody else.
//!
//! They are ordinary mappings (`ready/*.toml`): `touchline hook show` prints them, to be changed and set again.

use super::{Part, Scheme};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Is a set of parts that is ready.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Ready {
    /// Order bodies of Shopify.
    Shopify,
    /// Order bodies of WooCommerce.
    #[value(name = "woocommerce")]
    #[serde(rename = "woocommerce")]
    WooCommerce,
    /// Orders in the plain form of `docs/capture/orders.md`.
    Orders,
}

impl Ready {
    /// Returns the way in which its sender signs.
    #[must_use]
    pub const fn scheme(self) -> Scheme {
        match self {
            Self::Shopify => Scheme::Shopify,
            Self::WooCommerce => Scheme::WooCommerce,
            Self::Orders => Scheme::Standard,
        }
    }

    /// Returns the parts, with `source` as the name that vouches for the ids.
    #[must_use]
    pub fn parts(self, source: &str) -> Vec<Part> {
        let parts: &[(&str, &str, Option<&str>)] = match self {
            Self::Shopify => &[
                ("", include_str!("ready/shopify_orders.toml"), Some("updated_at")),
                ("refunds.transactions", include_str!("ready/shopify_refunds.toml"), None),
                ("", include_str!("ready/shopify_cancellations.toml"), None),
            ],
            Self::WooCommerce => &[
                ("", include_str!("ready/woocommerce_orders.toml"), Some("date_modified_gmt")),
                ("refunds", include_str!("ready/woocommerce_refunds.toml"), None),
                ("", include_str!("ready/woocommerce_cancellations.toml"), None),
            ],
            Self::Orders => &[
                ("", include_str!("ready/orders.toml"), Some("changed")),
                ("refunds", include_str!("ready/orders_refunds.toml"), None),
            ],
        };
        let named =
            |mapping: &str| mapping.replacen("source = \"SOURCE\"", &format!("source = {}", toml::Value::from(source)), 1);
        let part = |(rows, mapping, changed): &(&str, &str, Option<&str>)| Part {
            rows: (*rows).to_owned(),
            mapping: named(mapping),
            changed: changed.map(str::to_owned),
        };
        parts.iter().map(part).collect()
    }
}
