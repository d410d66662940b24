//! Waiting for the permits of a key.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{BuildHasher, Hash, RandomState};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use aqueduct_core::rt;
use pin_project_lite::pin_project;

use super::KeyedRateLimiter;
use crate::rate::acquire::Acquire;
use crate::rate::error::{AcquireError, TryAcquireError};

pin_project! {
    /// Waits for permits of a key: what [`KeyedRateLimiter::acquire`] returns.
    ///
    /// # Cancel safety
    ///
    /// *Strict*: dropping it gives up its place in the key's line, and permits that it was given and has not returned go
    /// to the next.
    #[must_use = "futures do nothing unless polled"]
    pub struct AcquireKey<'a, K, S, Q: ?Sized = K> {
        limiter: &'a KeyedRateLimiter<K, S>,
        key: &'a Q,
        permits: u32,
        #[pin]
        line: Option<Acquire>,
    }
}

impl<'a, K, S, Q: ?Sized> AcquireKey<'a, K, S, Q> {
    pub(super) fn new(limiter: &'a KeyedRateLimiter<K, S>, key: &'a Q, permits: u32) -> Self {
        Self {
            limiter,
            key,
            permits,
            line: None,
        }
    }
}

impl<K, S, Q> Future for AcquireKey<'_, K, S, Q>
where
    K: Borrow<Q> + Hash + Eq + Clone,
    S: BuildHasher,
    Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
{
    type Output = Result<(), AcquireError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        poll_acquire(this.limiter, *this.key, *this.permits, this.line, cx)
    }
}

pin_project! {
    /// Waits for permits of a key and borrows nothing: what [`KeyedRateLimiter::acquire_owned`] returns.
    ///
    /// # Cancel safety
    ///
    /// *Strict*, as [`AcquireKey`] is.
    #[must_use = "futures do nothing unless polled"]
    pub struct AcquireKeyOwned<K, S = RandomState> {
        limiter: Arc<KeyedRateLimiter<K, S>>,
        key: K,
        permits: u32,
        #[pin]
        line: Option<Acquire>,
    }
}

impl<K, S> AcquireKeyOwned<K, S> {
    pub(super) fn new(limiter: Arc<KeyedRateLimiter<K, S>>, key: K, permits: u32) -> Self {
        Self {
            limiter,
            key,
            permits,
            line: None,
        }
    }
}

impl<K: Hash + Eq + Clone, S: BuildHasher> Future for AcquireKeyOwned<K, S> {
    type Output = Result<(), AcquireError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        poll_acquire(this.limiter, this.key, *this.permits, this.line, cx)
    }
}

fn poll_acquire<K, S, Q>(
    limiter: &KeyedRateLimiter<K, S>,
    key: &Q,
    permits: u32,
    mut line: Pin<&mut Option<Acquire>>,
    cx: &mut Context<'_>,
) -> Poll<Result<(), AcquireError>>
where
    K: Borrow<Q> + Hash + Eq + Clone,
    S: BuildHasher,
    Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
{
    if line.is_none() {
        let coop = ready!(rt::poll_proceed(cx));
        let decided = limiter.take_or_wait(key, permits);
        coop.made_progress();
        match decided {
            Ok(None) => return Poll::Ready(Ok(())),
            Ok(Some(limiter)) => line.set(Some(Acquire::new(limiter, permits))),
            Err(TryAcquireError::TooMany { burst }) => {
                return Poll::Ready(Err(AcquireError::TooMany { burst }));
            }
            // Whoever could come in time has been given a line.
            Err(
                TryAcquireError::Crowded { retry_after } | TryAcquireError::TooSoon { retry_after },
            ) => {
                return Poll::Ready(Err(AcquireError::Crowded { retry_after }));
            }
        }
    }
    let waits = line.as_mut().as_pin_mut().expect("it was set above");
    let outcome = ready!(waits.poll(cx));
    // The key's line is held no longer than it is waited in.
    line.set(None);
    Poll::Ready(outcome)
}

impl<K, S, Q: fmt::Debug + ?Sized> fmt::Debug for AcquireKey<'_, K, S, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcquireKey")
            .field("key", &self.key)
            .field("permits", &self.permits)
            .finish_non_exhaustive()
    }
}

impl<K: fmt::Debug, S> fmt::Debug for AcquireKeyOwned<K, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcquireKeyOwned")
            .field("key", &self.key)
            .field("permits", &self.permits)
            .finish_non_exhaustive()
    }
}
