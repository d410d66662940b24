//! Credits that are out: by themselves, or with the message that they pay for.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::account::Account;

/// Credits that were taken. Dropped, they return to where they were taken from.
#[must_use = "credits that are dropped return at once"]
pub struct Credit {
    account: Arc<Account>,
    credits: u64,
    term: u64,
}

impl Credit {
    pub(super) fn new(account: Arc<Account>, credits: u64, term: u64) -> Self {
        Self {
            account,
            credits,
            term,
        }
    }

    /// How many they are.
    pub fn credits(&self) -> u64 {
        self.credits
    }

    /// Uses them up: they do not return. The consumer grants others.
    pub fn spend(mut self) {
        self.account.spend(std::mem::take(&mut self.credits));
    }

    /// Takes some of them off; none if there are not so many.
    pub fn split(&mut self, credits: u64) -> Option<Credit> {
        self.credits = self.credits.checked_sub(credits)?;
        Some(Credit::new(self.account.clone(), credits, self.term))
    }

    /// Sends them along with a message: they return when the message is dropped, or taken out.
    pub fn attach<T>(self, message: T) -> Credited<T> {
        Credited {
            message,
            credit: self,
        }
    }
}

impl Drop for Credit {
    fn drop(&mut self) {
        if self.credits > 0 {
            self.account.give_back(self.credits, self.term);
        }
    }
}

impl fmt::Debug for Credit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Credit").field(&self.credits).finish()
    }
}

/// A message with the credits that it was sent for. They return once it is dropped, or taken out.
#[derive(Debug)]
pub struct Credited<T> {
    // Dropped first: what it takes is free when its credits are.
    message: T,
    credit: Credit,
}

impl<T> Credited<T> {
    /// Takes the message out; its credits return now.
    pub fn into_inner(self) -> T {
        self.message
    }

    /// Takes the message out, and its credits, to return them later.
    pub fn into_parts(self) -> (T, Credit) {
        (self.message, self.credit)
    }

    /// How many credits it was sent for.
    pub fn credits(&self) -> u64 {
        self.credit.credits()
    }

    /// Makes another message of it, for the same credits.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Credited<U> {
        self.credit.attach(f(self.message))
    }
}

impl<T> Deref for Credited<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.message
    }
}

impl<T> DerefMut for Credited<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.message
    }
}
