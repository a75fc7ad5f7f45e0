//! What keeps the sample company alive: its people go on with their lives, and what they do arrives through the same door
//! as everything else, as a Segment client sends it, a few times a second.
//!
//! A week of their lives passes in the time that its interactions take at that pace, and each is stamped with the moment
//! in which it is sent. The lives are those of the sample company (`testkit`), so the same seed sends the same in the same
//! order.

use crate::failure::{Failure, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use model::{Arrival, Direction, Form, Scale};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;
use testkit::Company;

/// Of a larger company so many go on living: what they do in a week is in memory at once.
pub(super) const PEOPLE_MAX: u32 = 20_000;
/// How long an answer may take; fsync on a slow disk included.
const PATIENCE: Duration = Duration::from_secs(10);
/// An answer is read up to here: its first line is what counts.
const ANSWER_MAX: u64 = 4_096;

/// Is a company whose people go on living.
pub(super) struct Trickle {
    /// The company, its watching ended.
    pub(super) company: Company,
    /// How many interactions arrive in a second.
    pub(super) per_second: u32,
    /// The key of the source that sends them.
    pub(super) write_key: String,
}

impl Trickle {
    /// Sends until the process ends, from a thread of its own. A server that is busy or gone is tried again.
    ///
    /// # Errors
    /// Fails when no thread can be had.
    pub(super) fn run(self, server: SocketAddr) -> Result<()> {
        let server = SocketAddr::new(reachable(server.ip()), server.port());
        let run = move || {
            let (company, pause) = (self.company, Duration::from_secs(1) / self.per_second);
            let map = company.map();
            for arrival in (0..).flat_map(|week| company.week_after(week)) {
                let Some(event) = event(&map, &arrival) else { continue };
                thread::sleep(pause);
                if let Err(error) = send(server, &self.write_key, &event) {
                    tracing::debug!(%error, "an interaction of the sample company did not arrive");
                }
            }
        };
        let thread = thread::Builder::new().name("sample company".to_owned()).spawn(run);
        thread.map(drop).map_err(|error| Failure::new("Cannot start the life of the sample company").because(&error))
    }
}

/// A server that listens everywhere is reached here.
fn reachable(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(any) if any.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(any) if any.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        address => address,
    }
}

/// Writes an interaction as a `track` event; `None` for what such events cannot say.
fn event(map: &model::TouchpointMap, arrival: &Arrival) -> Option<Value> {
    let touchpoint = &map.touchpoints[map.bind(&arrival.signature)?].id;
    let name = name(arrival.form, arrival.direction)?;
    let mut properties = json!({ "touchpoint": touchpoint });
    if let (Some(value), Some(currency)) = (arrival.value, arrival.currency) {
        properties["revenue"] = json!(format!("{:.1$}", currency.major(value), currency.digits() as usize));
        properties["currency"] = json!(currency.code());
    }
    match arrival.score {
        Some(score) if score.scale == Scale::Nps => properties["nps"] = json!(score.answer.to_string()),
        Some(score) if arrival.form == Form::Review => properties["rating"] = json!(score.answer.to_string()),
        _ => {}
    }
    let mut event = json!({
        "type": "track", "event": name, "properties": properties,
        "messageId": String::from_utf8_lossy(&arrival.message_id),
    });
    let names = arrival.identities.iter().map(|name| json!({ "type": name.namespace, "id": name.value }));
    event["context"] = json!({ "externalIds": names.collect::<Vec<_>>() });
    if arrival.identities.is_empty() {
        event["anonymousId"] = event["messageId"].clone();
    }
    Some(event)
}

/// Returns a name by which the Segment reader knows the form.
fn name(form: Form, direction: Direction) -> Option<&'static str> {
    Some(match form {
        Form::View => "Content Viewed",
        Form::Click => "Link Clicked",
        Form::Visit => "Place Visited",
        Form::Call => "Line Called",
        Form::Message if direction == Direction::Outbound => "Email Sent",
        Form::Message => "Live Chat Message Sent",
        Form::Conversation => "Live Chat Conversation Started",
        Form::Purchase => "Order Completed",
        Form::Share => "Page Shared",
        Form::Comment => "Post Commented",
        Form::Review => "Product Reviewed",
        Form::Complaint => "Complaint Received",
        Form::Referral => "Invite Sent",
        Form::Unsubscribe => "Unsubscribed",
        Form::Close => "Window Closed",
        Form::Download => "Paper Downloaded",
        Form::Submission => "Form Submitted",
        Form::Delivery => "Order Delivered",
        Form::Cancellation => "Order Cancelled",
        Form::Redemption => "Coupon Applied",
        Form::Basket => "Product Added",
        Form::Usage => "Signed In",
        Form::Brochure | Form::Reply | Form::SurveyAnswer | Form::Other => return None,
    })
}

/// Posts one event to the server, over a connection of its own.
fn send(server: SocketAddr, write_key: &str, event: &Value) -> std::io::Result<()> {
    let mut stream = TcpStream::connect_timeout(&server, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let body = json!({ "batch": [event] }).to_string();
    let key = STANDARD.encode(format!("{write_key}:"));
    let head = format!(
        "POST /v1/batch HTTP/1.1\r\nHost: {server}\r\nAuthorization: Basic {key}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())?;
    let mut answer = Vec::new();
    stream.take(ANSWER_MAX).read_to_end(&mut answer)?;
    let first = answer.split(|byte| *byte == b'\r').next().unwrap_or_default();
    if first.ends_with(b"200 OK") { Ok(()) } else { Err(std::io::Error::other(String::from_utf8_lossy(first).into_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_of_what_people_do_can_be_told() {
        for template in model::catalogue::TEMPLATES {
            let company = Company::new(template).people(300);
            let (map, lived) = (company.map(), company.week_after(0));
            let told = lived.iter().filter_map(|arrival| event(&map, arrival)).count();
            assert!(told * 2 > lived.len() && told > 50, "{template}: {told} of {}", lived.len());
        }
    }

    #[test]
    fn a_purchase_says_who_and_how_much() {
        let company = Company::new("online-shop").people(2_000);
        let map = company.map();
        let lived = company.week_after(0);
        let purchase = lived.iter().find(|arrival| arrival.form == Form::Purchase).expect("somebody buys");
        let event = event(&map, purchase).expect("can be told");
        assert_eq!((&event["event"], &event["properties"]["touchpoint"]), (&json!("Order Completed"), &json!("checkout")));
        let revenue = event["properties"]["revenue"].as_str().expect("is written");
        assert_eq!(revenue.replace('.', "").parse::<i64>().ok(), purchase.value);
        assert_eq!(event["context"]["externalIds"][0]["id"], json!(purchase.identities[0].value));
    }
}
