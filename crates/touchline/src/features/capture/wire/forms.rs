//! What kind of interaction an event is, told from its name: the specified events of the Segment family (e-commerce,
//! mail, chat, mobile, video, B2B), and, for the rest, the verb that a name ends with.
//!
//! The form is a fact of the interaction; what the interaction *means* is the map's business. A name that is not
//! known here is `Other`, which a map rule binds as well as any.

use model::{Direction, Form};

use Direction::{Inbound, Outbound};

/// Names in lower case, words apart, in order of the alphabet. `docs/capture/segment.md` shows them to people.
pub(crate) const KNOWN: &[(&str, Form, Direction)] = &[
    ("account created", Form::Submission, Inbound),
    ("app installed", Form::Download, Inbound),
    ("app opened", Form::Visit, Inbound),
    ("application installed", Form::Download, Inbound),
    ("application opened", Form::Visit, Inbound),
    ("cart shared", Form::Share, Inbound),
    ("checkout started", Form::Basket, Inbound),
    ("checkout step completed", Form::Basket, Inbound),
    ("checkout step viewed", Form::Basket, Inbound),
    ("complaint received", Form::Complaint, Inbound),
    ("coupon applied", Form::Redemption, Inbound),
    ("coupon entered", Form::Other, Inbound),
    ("deep link opened", Form::Visit, Inbound),
    ("email bounced", Form::Other, Outbound),
    ("email delivered", Form::Message, Outbound),
    ("email link clicked", Form::Click, Inbound),
    ("email marked as spam", Form::Complaint, Inbound),
    ("email opened", Form::View, Inbound),
    ("email sent", Form::Message, Outbound),
    ("invite sent", Form::Referral, Inbound),
    ("live chat conversation started", Form::Conversation, Inbound),
    ("live chat message received", Form::Message, Outbound),
    ("live chat message sent", Form::Message, Inbound),
    ("order cancelled", Form::Cancellation, Inbound),
    ("order completed", Form::Purchase, Inbound),
    ("order delivered", Form::Delivery, Outbound),
    ("order refunded", Form::Cancellation, Inbound),
    ("order shipped", Form::Delivery, Outbound),
    ("payment info entered", Form::Basket, Inbound),
    ("product added", Form::Basket, Inbound),
    ("product added to wishlist", Form::Basket, Inbound),
    ("product reviewed", Form::Review, Inbound),
    ("product shared", Form::Share, Inbound),
    ("products searched", Form::View, Inbound),
    ("purchase", Form::Purchase, Inbound),
    ("push notification received", Form::Message, Outbound),
    ("push notification tapped", Form::Click, Inbound),
    ("sign up", Form::Submission, Inbound),
    ("signed in", Form::Usage, Inbound),
    ("signed up", Form::Submission, Inbound),
    ("trial started", Form::Submission, Inbound),
    ("unsubscribed", Form::Unsubscribe, Inbound),
];

/// What the last word of a name says.
pub(crate) const VERBS: &[(&str, Form)] = &[
    ("called", Form::Call),
    ("cancelled", Form::Cancellation),
    ("clicked", Form::Click),
    ("closed", Form::Close),
    ("commented", Form::Comment),
    ("completed", Form::Other),
    ("dismissed", Form::Close),
    ("downloaded", Form::Download),
    ("opened", Form::View),
    ("purchased", Form::Purchase),
    ("redeemed", Form::Redemption),
    ("refunded", Form::Cancellation),
    ("reviewed", Form::Review),
    ("seen", Form::View),
    ("shared", Form::Share),
    ("shown", Form::View),
    ("submitted", Form::Submission),
    ("subscribed", Form::Submission),
    ("tapped", Form::Click),
    ("unsubscribed", Form::Unsubscribe),
    ("viewed", Form::View),
    ("visited", Form::Visit),
];

/// No known name is longer than this many bytes; longer ones are not looked at.
const LONGEST: usize = 64;

/// Returns the form of an event and who speaks in it.
pub(crate) fn of(event: &str) -> (Form, Direction) {
    let mut buffer = [0_u8; LONGEST];
    let Some(name) = words(event, &mut buffer) else {
        return (Form::Other, Inbound);
    };
    if let Ok(at) = KNOWN.binary_search_by_key(&name, |(known, ..)| known) {
        return (KNOWN[at].1, KNOWN[at].2);
    }
    let verb = name.rsplit(' ').next().unwrap_or_default();
    let form = VERBS.binary_search_by_key(&verb, |(known, _)| known).map_or(Form::Other, |at| VERBS[at].1);
    (form, Inbound)
}

/// Returns the form of an event whose name is a path of words, as that of a CloudEvent: `com.example.order.completed.v1`.
/// The longest ending that is known counts.
pub(crate) fn of_type(name: &str) -> (Form, Direction) {
    let is_version = |part: &&str| part.strip_prefix('v').is_some_and(|rest| rest.bytes().all(|sign| sign.is_ascii_digit()));
    let parts: Vec<&str> = name.split(['.', '/']).filter(|part| !part.is_empty() && !is_version(part)).collect();
    let endings = (1..=3).rev().filter_map(|words| parts.get(parts.len().checked_sub(words)?..));
    endings.map(|ending| of(&ending.join(" "))).find(|(form, _)| *form != Form::Other).unwrap_or((Form::Other, Inbound))
}

/// Writes a name in lower case with one space between words: `orderCompleted`, `order_completed` and `Order Completed`
/// are one event. `None` for a name that is too long or not in ASCII: no known one is.
fn words<'a>(event: &str, buffer: &'a mut [u8; LONGEST]) -> Option<&'a str> {
    let (mut length, mut after_small) = (0, false);
    for sign in event.bytes() {
        if !sign.is_ascii() {
            return None;
        }
        let is_word = sign.is_ascii_alphanumeric();
        let begins = is_word && sign.is_ascii_uppercase() && after_small;
        after_small = sign.is_ascii_lowercase() || sign.is_ascii_digit();
        if (begins || !is_word) && length > 0 && buffer[length - 1] != b' ' {
            *buffer.get_mut(length)? = b' ';
            length += 1;
        }
        if is_word {
            *buffer.get_mut(length)? = sign.to_ascii_lowercase();
            length += 1;
        }
    }
    std::str::from_utf8(&buffer[..length]).ok().map(str::trim_end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_in_order() {
        assert!(KNOWN.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(VERBS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(KNOWN.iter().all(|(name, ..)| name.len() < LONGEST));
    }

    #[track_caller]
    fn check(event: &str, form: Form, direction: Direction) {
        assert_eq!(of(event), (form, direction), "{event}");
    }

    #[test]
    fn names_in_any_coat() {
        for name in ["Order Completed", "order_completed", "orderCompleted", "ORDER COMPLETED", " order-completed "] {
            check(name, Form::Purchase, Inbound);
        }
        check("Email Delivered", Form::Message, Outbound);
        check("Pricing Table Viewed", Form::View, Inbound);
        check("Checkout Completed", Form::Other, Inbound);
        check("brochureDownloaded", Form::Download, Inbound);
        check("Заказ оформлен", Form::Other, Inbound);
        check("", Form::Other, Inbound);
        check(&"viewed ".repeat(100), Form::Other, Inbound);
    }

    #[test]
    fn names_that_are_paths() {
        for name in ["com.example.order.completed", "com.example.order.completed.v1", "orders/order_completed", "purchase"] {
            assert_eq!(of_type(name).0, Form::Purchase, "{name}");
        }
        assert_eq!(of_type("com.example.brochure.downloaded").0, Form::Download);
        for name in ["com.example.thing", "", "...", "v1"] {
            assert_eq!(of_type(name).0, Form::Other, "{name}");
        }
    }
}
