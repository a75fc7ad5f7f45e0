//! Whom the house itself writes to: members with an address, in the language that they read.

use super::store::failed;
use super::{Accounts, Who};
use crate::failure::Result;

/// Is a member whom a letter can reach.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Addressee {
    /// The number of the account.
    pub account: i64,
    /// The name on the screen.
    pub name: String,
    /// The address of the account.
    pub email: String,
    /// `en`, `fr` or `ru`; empty where neither the member nor the organisation has chosen one.
    pub language: String,
}

/// The languages that letters of the house are written in.
const LANGUAGES: [&str; 3] = ["en", "fr", "ru"];

impl Accounts {
    /// Lists the members whom a letter can reach.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn addressees(&self) -> Result<Vec<Addressee>> {
        let sql = "SELECT id, name, email, language FROM account WHERE ended_at = 0 AND email <> '' ORDER BY name, id";
        let rows: Vec<(i64, String, String, String)> =
            sqlx::query_as(sql).fetch_all(self.state.reader()).await.map_err(failed)?;
        let usual = self.organisation().await?.language;
        let language = |own: String| if own.is_empty() { usual.clone() } else { own };
        let addressee = |(account, name, email, own)| Addressee { account, name, email, language: language(own) };
        Ok(rows.into_iter().map(addressee).collect())
    }

    /// Returns a member whom a letter can reach; `None`: there is no such member, or no address of theirs.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn addressee(&self, account: i64) -> Result<Option<Addressee>> {
        Ok(self.addressees().await?.into_iter().find(|one| one.account == account))
    }

    /// Notes which language a member reads. `false`: that is none that we write.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub async fn set_language(&self, who: &Who, language: &str) -> Result<bool> {
        if !LANGUAGES.contains(&language) {
            return Ok(false);
        }
        let mut transaction = self.state.begin().await.map_err(failed)?;
        sqlx::query("UPDATE account SET language = $1 WHERE id = $2")
            .bind(language.to_owned())
            .bind(who.account)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(true)
    }
}
