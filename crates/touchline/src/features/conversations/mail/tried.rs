//! Trying settings of mail before they hold: each step by itself, so that somebody without a mail administrator is told which one
//! went wrong. Nothing is sent, fetched or kept; the servers are reached by the one way out, so nothing inside is unless it was named.

use super::imap::{Imap, Trouble as BoxTrouble};
use super::line::Line;
use super::send::{Trouble as SendTrouble, order, sign_in, take_greeting};
use crate::failure::Result;
use crate::features::account::Keeper;
use crate::features::conversations::Talk;
use crate::features::conversations::settings::MailSettings;
use crate::platform::http::{Body, Problem, Refusal};
use crate::platform::outbound::is_refused;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::timeout;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How long one server may take for everything: somebody waits for it.
const PATIENCE: Duration = Duration::from_secs(20);

/// Returns the routes behind the door.
pub(in crate::features::conversations) fn routes() -> OpenApiRouter<Talk> {
    OpenApiRouter::new().routes(routes!(try_mail))
}

/// Is the step that a server was tried up to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum MailStep {
    /// No server is named: nothing was tried.
    Unset,
    /// The name of the server is not written as one, or nobody knows it.
    Name,
    /// It is inside our own network and was not named at the start.
    Inside,
    /// It was not reached.
    Reach,
    /// The line could not be encrypted.
    Encryption,
    /// It does not speak as a mail server does.
    Greeting,
    /// It does not know user and password.
    Password,
    /// There is no such folder.
    Folder,
    /// It lets this user not send from this address.
    Sender,
    /// Everything is well.
    Works,
}

/// Is how far a server was tried.
#[derive(Serialize, Deserialize, ToSchema)]
struct ServerTried {
    /// The step that went wrong, or `works`, or `unset`.
    step: MailStep,
    /// What the server or the network said, as it was said.
    said: String,
}

/// Is what came of trying.
#[derive(Serialize, Deserialize, ToSchema)]
struct MailTried {
    /// The server that mail is fetched from.
    incoming: ServerTried,
    /// The server that sends.
    outgoing: ServerTried,
}

/// Is the step that a try has come to. Shared, for the try may be broken off.
struct Place(Mutex<MailStep>);

impl Default for Place {
    fn default() -> Self {
        Self(Mutex::new(MailStep::Reach))
    }
}

impl Place {
    fn get(&self) -> MailStep {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, step: MailStep) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = step;
    }
}

type Tried = std::result::Result<(), (MailStep, String)>;

/// Tries settings of mail, which need not be kept yet: reaches both servers, encrypts, signs in, opens the folder, and asks whether
/// the address may send. Nothing is fetched or sent. An empty password is the one that is kept, for its own server alone.
#[utoipa::path(post, path = "/api/conversations/settings/mail/try", tag = "conversations", request_body = MailSettings, responses(
    (status = 200, body = MailTried), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
))]
async fn try_mail(_: Keeper, State(talk): State<Talk>, Body(mail): Body<MailSettings>) -> Result<Json<MailTried>, Refusal> {
    let mut settings = talk.inbox.settings().await?;
    let before = std::mem::replace(&mut settings.mail, mail);
    settings.mail.keep_passwords(&before);
    settings.check().map_err(Refusal::told)?;
    let mail = &settings.mail;
    let (incoming, outgoing) = tokio::join!(talk.try_box(mail), talk.try_sending(mail));
    Ok(Json(MailTried { incoming, outgoing }))
}

impl Talk {
    async fn try_box(&self, mail: &MailSettings) -> ServerTried {
        let at = Place::default();
        within(&mail.imap_server, &at, async {
            let (is_tls, starts_tls) =
                (!matches!(mail.imap_security.as_str(), "plain" | "starttls"), mail.imap_security == "starttls");
            let line = self.try_line(&mail.imap_server, is_tls, &at).await?;
            at.set(MailStep::Greeting);
            let mut imap = Imap::greeted(line).await.map_err(|trouble| (at.get(), told(&trouble)))?;
            if starts_tls {
                at.set(MailStep::Encryption);
                imap = imap.encrypted().await.map_err(|trouble| (at.get(), told(&trouble)))?;
            }
            at.set(MailStep::Password);
            imap.come_in(&mail.imap_user, &mail.imap_password).await.map_err(|trouble| (at.get(), told(&trouble)))?;
            at.set(MailStep::Folder);
            imap.look_at(mail.folder()).await.map_err(|trouble| (at.get(), told(&trouble)))?;
            imap.end().await;
            Ok(())
        })
        .await
    }

    async fn try_sending(&self, mail: &MailSettings) -> ServerTried {
        let at = Place::default();
        within(&mail.server, &at, async {
            let failed = |trouble: SendTrouble| (at.get(), trouble.said());
            let mut line = self.try_line(&mail.server, mail.security == "tls", &at).await?;
            at.set(MailStep::Greeting);
            take_greeting(&mut line).await.map_err(failed)?;
            if !matches!(mail.security.as_str(), "tls" | "plain") {
                at.set(MailStep::Encryption);
                order(&mut line, "STARTTLS", b'2').await.map_err(failed)?;
                line = line.encrypted().await.map_err(|said| (at.get(), said))?;
                order(&mut line, "EHLO touchline", b'2').await.map_err(failed)?;
            }
            at.set(MailStep::Password);
            sign_in(&mut line, mail).await.map_err(failed)?;
            at.set(MailStep::Sender);
            if mail.address.is_empty() {
                return Err((at.get(), String::new()));
            }
            order(&mut line, &format!("MAIL FROM:<{}>", mail.address), b'2').await.map_err(failed)?;
            // Whether it is heard changes nothing: no mail was begun.
            let _ = order(&mut line, "QUIT", b'2').await;
            Ok(())
        })
        .await
    }

    /// Opens a line, and tells apart why it is none.
    async fn try_line(&self, server: &str, is_tls: bool, at: &Place) -> std::result::Result<Line, (MailStep, String)> {
        let has_port =
            server.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse().is_ok_and(|port: u16| port > 0));
        if !has_port {
            return Err((MailStep::Name, String::new()));
        }
        // Once in the clear, to tell a server that is not there from one that does not encrypt.
        let reached = self.outbound().connect(server).await;
        reached.map(drop).map_err(|error| (unreached(&error), error.to_string()))?;
        if is_tls {
            at.set(MailStep::Encryption);
        }
        Line::open(&self.outbound(), server, is_tls).await.map_err(|said| (at.get(), said))
    }
}

/// Tries a server within the time that somebody waits; what takes longer went wrong where it stands.
async fn within(server: &str, at: &Place, trying: impl Future<Output = Tried>) -> ServerTried {
    if server.is_empty() {
        return ServerTried { step: MailStep::Unset, said: String::new() };
    }
    let outcome = timeout(PATIENCE, trying).await.unwrap_or_else(|_| Err((at.get(), "it takes too long".to_owned())));
    match outcome {
        Ok(()) => ServerTried { step: MailStep::Works, said: String::new() },
        Err((step, said)) => ServerTried { step, said: said.chars().filter(|sign| !sign.is_control()).take(200).collect() },
    }
}

fn unreached(error: &io::Error) -> MailStep {
    match error.kind() {
        _ if is_refused(error) => MailStep::Inside,
        // What a look-up says of a name that nobody has is of no kind of its own.
        io::ErrorKind::ConnectionRefused
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::TimedOut
        | io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkUnreachable => MailStep::Reach,
        _ => MailStep::Name,
    }
}

fn told(trouble: &BoxTrouble) -> String {
    trouble.said().to_owned()
}
