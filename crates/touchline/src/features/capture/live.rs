//! Taking deliveries while others read: what [`Capture::take`] has answered is durable, exactly once, and seen by
//! every analysis from then on.

use super::delivery::{Delivery, NotTaken, Receipt};
use super::intake::Intake;
use super::{Caller, Privacy, Source};
use crate::failure::{Failure, Result};
use crate::platform::home::Stores;
use std::sync::{Arc, Mutex, PoisonError};

/// Is the one door for everything that arrives while the server runs. Clones share it.
#[derive(Clone)]
pub struct Capture {
    intake: Arc<Mutex<Intake>>,
    privacy: Privacy,
}

impl Capture {
    /// Opens the door. To be called from threads that may block.
    ///
    /// # Errors
    /// Fails when the stores do.
    pub fn open(stores: Stores) -> Result<Self> {
        let privacy = Privacy::new(&stores);
        Ok(Self { intake: Arc::new(Mutex::new(Intake::new(stores)?)), privacy })
    }

    /// Takes what a caller brings to a source, as far as the source's policy lets it in.
    ///
    /// # Errors
    /// As [`Capture::take`].
    pub async fn take_from(&self, delivery: Delivery, source: &Source, caller: &Caller) -> Result<Receipt, NotTaken> {
        let admitted = self.privacy.admit(delivery, source, caller).await.map_err(NotTaken::Failed)?;
        self.take(admitted).await
    }

    /// Takes a delivery. When this returns a receipt, all of it is durable.
    ///
    /// # Errors
    /// Says why nothing of it was taken; the same delivery may come again.
    pub async fn take(&self, delivery: Delivery) -> Result<Receipt, NotTaken> {
        let intake = Arc::clone(&self.intake);
        let taken = tokio::task::spawn_blocking(move || {
            let mut intake = intake.lock().unwrap_or_else(PoisonError::into_inner);
            let refused = delivery.refused.len() as u64;
            let taken = intake.take(delivery.arrivals, delivery.claims, delivery.traits)?;
            Ok(Receipt { added: taken.added, duplicates: taken.duplicates, refused })
        });
        let taken = taken.await.map_err(|error| Failure::new("Taking a delivery broke off").because(&error));
        taken.and_then(|taken| taken).map_err(NotTaken::Failed)
    }
}
