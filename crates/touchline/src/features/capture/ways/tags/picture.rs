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

    /// Reads a picture as a camera would, after some spots of it became white.
    fn decoded(drawn: &str, spots: impl Fn(usize, usize) -> bool) -> Option<String> {
        let inside = |after: &str| drawn.split_once(after).and_then(|(_, rest)| rest.split_once('"')).expect("is there").0;
        let width: usize = inside("width=\"").parse().expect("is a number");
        let mut dark = vec![false; width * width];
        // Every module is a square: M x y, h width, v height, and back.
        for square in inside(" d=\"").split('M').skip(1) {
            let sides: Vec<usize> =
                square.split(|sign: char| !sign.is_ascii_digit()).map_while(|side| side.parse().ok()).take(4).collect();
            let [left, top, wide, high] = sides.try_into().expect("has four sides");
            for y in top..top + high {
                dark[y * width + left..y * width + left + wide].fill(true);
            }
        }
        let shade = |x: usize, y: usize| if dark[y * width + x] && !spots(x * 100 / width, y * 100 / width) { 0 } else { 255 };
        let mut seen = rqrr::PreparedImage::prepare_from_greyscale(width, width, shade);
        Some(seen.detect_grids().first()?.decode().ok()?.1)
    }

    #[test]
    fn what_is_printed_reads_as_what_was_meant() {
        for address in ["https://example.org/q/box1", "https://map.example.org:8443/q/a-very-long-code-of-a-poster-in-the-window"]
        {
            let drawn = svg(address).expect("fits");
            assert_eq!(decoded(&drawn, |_, _| false).as_deref(), Some(address));
            let torn = decoded(&drawn, |x, y| (45..60).contains(&x) && (45..60).contains(&y));
            assert_eq!(torn.as_deref(), Some(address), "a spot in the middle does not matter");
            assert_eq!(decoded(&drawn, |x, y| x + y > 60), None, "half a picture is none");
        }
    }
}
