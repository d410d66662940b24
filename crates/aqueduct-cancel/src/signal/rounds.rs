//! What a signal found: where each scope that listens was before anybody minded that signal.
//!
//! A signal is told to each who listens, one after another. One of them drains or cancels a scope, and with it those below;
//! when the listener of one below is told, its scope has moved already, by this very signal, and must not be moved again.
//! So the first who is told of a signal looks at the scopes of all, which makes a *round*, and the others go by that.
//!
//! Which signal somebody is told of is known by counting. Who was told of two as if they were one, as the operating system
//! and Tokio may do, goes by the later round.
//!
//! # Why not who cancelled it, from its reason
//!
//! Draining has none. And a reason does not say which signal it was.

use std::collections::HashMap;
use std::sync::LazyLock;

use aqueduct_core::sync::Lock;

use super::Found;
use crate::scope::WeakScope;

static ROUNDS: LazyLock<Lock<Rounds>> = LazyLock::new(Lock::default);

#[derive(Default)]
struct Rounds {
    /// How many there were.
    count: u64,
    places: HashMap<u64, Listed>,
    places_made: u64,
}

struct Listed {
    scope: WeakScope,
    /// The round that it was told of last.
    told: u64,
    /// As it was when the last round began.
    found: Found,
}

/// The place of one who listens.
pub(super) struct Place(u64);

impl Place {
    pub(super) fn new(scope: &WeakScope) -> Self {
        let mut rounds = ROUNDS.lock();
        let number = rounds.places_made;
        rounds.places_made += 1;
        let listed = Listed {
            scope: scope.clone(),
            told: rounds.count,
            found: Found::Live,
        };
        rounds.places.insert(number, listed);
        Self(number)
    }

    /// To be asked once for each signal: what it found.
    pub(super) fn found(&self) -> Found {
        // Dropped after the lock: the last handle to a scope does more than to give memory back.
        let mut scopes = Vec::new();
        let mut rounds = ROUNDS.lock();
        let rounds = &mut *rounds;
        let is_first = |it: &Listed| it.told == rounds.count;
        if rounds.places.get(&self.0).is_some_and(is_first) {
            rounds.count += 1;
            for listed in rounds.places.values_mut() {
                let scope = listed.scope.upgrade();
                if let Some(scope) = &scope {
                    listed.found = scope.found();
                }
                scopes.extend(scope);
            }
        }
        let listed = rounds.places.get_mut(&self.0);
        listed.map_or(Found::Live, |listed| {
            listed.told = rounds.count;
            listed.found
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        ROUNDS.lock().places.remove(&self.0);
    }
}
