//! Who is who, for all who ask and change it at once.

use super::People;
use super::store::failed;
use crate::failure::Result;
use crate::platform::home::Stores;
use state::{State, Transaction};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use tokio::runtime::Handle;

/// Is who is who, for several at once: capture teaches, routes ask and decide. Clones share it.
///
/// It is read from the state store when it is first needed: with half a million people that takes longer than an analysis, which
/// needs none of it.
#[derive(Clone, Debug)]
pub struct SharedPeople(Arc<Lazy>);

#[derive(Debug)]
struct Lazy {
    people: OnceLock<RwLock<People>>,
    /// Where to read them; not the whole stores, which the ledger's tail would keep open by whom it asks.
    from: Option<(State, Handle)>,
}

impl SharedPeople {
    /// Shares.
    #[must_use]
    pub fn new(people: People) -> Self {
        Self(Arc::new(Lazy { people: OnceLock::from(RwLock::new(people)), from: None }))
    }

    /// Shares the people of these stores, and reads nothing yet.
    #[must_use]
    pub fn of(stores: &Stores) -> Self {
        Self(Arc::new(Lazy { people: OnceLock::new(), from: Some((stores.state.clone(), stores.runtime().clone())) }))
    }

    /// Reads who is who, unless that is known. To be called from threads that may block.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub fn know(&self) -> Result<()> {
        if let (None, Some((state, runtime))) = (self.0.people.get(), &self.0.from) {
            let people = runtime.block_on(People::load(state))?;
            // Whoever was faster has read the same: nobody changes what nobody knows yet.
            let _ = self.0.people.set(RwLock::new(people));
        }
        Ok(())
    }

    /// Lets one ask. To be held for moments, never over a wait of a task.
    ///
    /// # Panics
    /// Panics when nothing is known yet and the state store cannot be read; [`SharedPeople::know`] before says why.
    pub fn read(&self) -> RwLockReadGuard<'_, People> {
        self.known().read().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self) -> &RwLock<People> {
        self.0.people.get_or_init(|| {
            let load = || self.0.from.as_ref().map(|(state, runtime)| runtime.block_on(People::load(state)));
            // A thread of its own: tasks ask too, and a task must not wait for another by itself.
            let loaded = std::thread::scope(|scope| scope.spawn(load).join());
            let people = loaded.ok().flatten().and_then(Result::ok);
            RwLock::new(people.expect("the state store was read when it was opened"))
        })
    }

    /// Begins to teach or decide. To be called from threads that may block.
    ///
    /// The transaction comes first: whoever held the people while waiting for it would keep all who ask who somebody is
    /// from going on, among them the one whose transaction is waited for. Meanwhile nothing may be waited for that is
    /// not done by this transaction.
    ///
    /// # Errors
    /// Fails when the state store does.
    pub fn change(&self, stores: &Stores) -> Result<(Transaction, RwLockWriteGuard<'_, People>)> {
        self.know()?;
        let transaction = stores.block_on(stores.state.begin()).map_err(failed)?;
        let mut people = self.write();
        people.changes += 1;
        Ok((transaction, people))
    }

    /// Knows other people from now on.
    #[cfg(test)]
    pub(super) fn replace(&self, people: People) {
        *self.write() = people;
    }

    /// Reads again who is who.
    ///
    /// # Errors
    /// Fails when the state store does; what was known stays.
    pub fn reload(&self, stores: &Stores) -> Result<()> {
        loop {
            let seen = self.read().changes;
            let mut people = stores.block_on(People::load(&stores.state))?;
            let mut held = self.write();
            // What somebody taught while this was read would be forgotten.
            if held.changes == seen {
                people.changes = seen;
                *held = people;
                return Ok(());
            }
        }
    }

    fn write(&self) -> RwLockWriteGuard<'_, People> {
        self.known().write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::people::store::tests::{nick, state, tell};

    #[tokio::test(flavor = "multi_thread")]
    async fn who_is_who_is_read_when_it_is_first_asked_for() {
        let (state, _dir) = state().await;
        let shared = SharedPeople(Arc::new(Lazy { people: OnceLock::new(), from: Some((state.clone(), Handle::current())) }));
        // What is learnt before anybody asks is known all the same.
        let mut people = People::load(&state).await.expect("loads");
        tell(&state, &mut people, &["ada", "countess"], &[("ada", "countess")]).await;
        assert!(shared.0.people.get().is_none());
        assert_eq!(shared.read().person_of(nick("ada").0), people.person_of(nick("countess").0));
        let again = shared.clone();
        tokio::task::spawn_blocking(move || again.know()).await.expect("runs").expect("knows");
        assert_eq!(shared.read().person_of(nick("ada").0), people.person_of(nick("countess").0));
    }
}
