//! A tag as a picture to be printed.

use crate::failure::{Failure, Result};
use qrcode::render::svg::Color;
use qrcode::{EcLevel, QrCode};

/// Draws an address as a QR code. A quarter of it may be dirty or torn; the quiet zone around it is part of it.
///
/// # Errors
/// Refuses an address that is too long for such a picture.
pub fn svg(address: &str) -> Result<String> {
    let code = QrCode::with_error_correction_level(address, EcLevel::Q).map_err(|error| {
        Failure::new("The address does not fit into a QR code")
            .because(&error)
            .hint("Choose a shorter address of the server or a shorter code")
    })?;
    let mut picture = code.render();
    picture.min_dimensions(240, 240).dark_color(Color("#000")).light_color(Color("#fff")).quiet_zone(true);
    Ok(picture.build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_drawn_where_the_address_fits() {
        let drawn = svg("https://example.org/q/box1").expect("fits");
        assert!(drawn.contains("<svg") && drawn.contains("viewBox") && drawn.trim_end().ends_with("</svg>"));
        assert_ne!(drawn, svg("https://example.org/q/box2").expect("fits"), "the picture depends on the address");
        assert!(svg(&"x".repeat(2_000)).is_err());
    }
}
