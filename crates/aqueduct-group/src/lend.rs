//! Parallel tasks that share an environment, which is given back when they have ended.
//!
//! ```text
//!            lend                 clones                  the last goes            join
//!   env: E ────────▶ Loan ◀──────────────── Lent<E> … ───────────────▶ oneshot ─────────▶ env: E
//! ```
//!
//! Tasks on the runtime cannot borrow from their spawner's stack (see `docs/why/group.md`); but what they would borrow
//! can be theirs together for as long as the group lives. A [`Lent`] is a counted reference, and the environment leaves by
//! the destructor of what is counted: through a channel of one value, to whoever waits at the join. So it is given back
//! by the very drop that makes it nobody's, on whichever thread, and there is neither a moment to miss nor a second count
//! to keep.
//!
//! # Why not `Arc::try_unwrap`
//!
//! It can be asked, and asked again, but nobody can wait for it: an `Arc` tells no one that it is the last. A [`Lent`] may
//! well outlive the group, in a result of a task, or in a `spawn_blocking` that nothing could stop.
//!
//! # Why the body is given its arguments by value
//!
//! As that of [`run`](GroupBuilder::run) its spawner. For references the compiler would have to show, for a future that
//! holds the closure, that the closure takes them for all lifetimes, also those in `E`, which it has forgotten: what lends
//! a `Vec<&'static str>` would not be `Send` (rust-lang/rust#110338).

use std::error::Error;
use std::fmt;
use std::ops::Deref;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use aqueduct_channel::oneshot;

use crate::builder::GroupBuilder;
use crate::group::Spawner;
use crate::policy::Policy;
use crate::run;

/// A share in the environment that a group was lent. Derefs to it; cheap to clone, for each task that needs one.
pub struct Lent<E> {
    loan: Arc<Loan<E>>,
}

struct Loan<E> {
    /// Some, until it is given back.
    env: Option<E>,
    back: Option<oneshot::Sender<E>>,
}

/// The environment could not be given back when its group ended, since somebody still has a [`Lent`]: a result of a task,
/// or a `spawn_blocking` that nothing could stop.
///
/// It is a future that gives the environment once the last of them has gone. Dropped, it gives the environment up, which
/// then is dropped with the last [`Lent`]. One that is leaked (`mem::forget`) is waited for in vain.
///
/// # Cancel safety
///
/// *Strict* by reference, as `(&mut still_lent).await`: it can be awaited again.
#[must_use = "dropping it gives up the environment"]
pub struct StillLent<E> {
    back: oneshot::Receiver<E>,
}

impl GroupBuilder {
    /// As [`run`](Self::run), and lends `env` to the tasks, which run in parallel all the same. When they have ended, it
    /// is given back.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::collections::HashMap;
    /// use std::io;
    ///
    /// use aqueduct_group::{AllOk, group};
    ///
    /// let prices = HashMap::from([("apple", 3), ("pear", 4)]);
    /// let (sums, prices) = group()
    ///     .lend(prices, AllOk::<u32, io::Error>::new(), async |group, prices| {
    ///         for basket in [["apple", "pear"], ["pear", "pear"]] {
    ///             let prices = prices.clone();
    ///             let sum = async move { Ok(basket.iter().map(|fruit| prices[fruit]).sum()) };
    ///             if group.spawn(sum).await.is_err() {
    ///                 break;
    ///             }
    ///         }
    ///     })
    ///     .await;
    /// assert_eq!(sums?, [7, 8]);
    /// assert_eq!(prices?.len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StillLent`] in place of the environment if a [`Lent`] has outlived the group.
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run); the environment is dropped then.
    ///
    /// # Cancel safety
    ///
    /// *Strict* as far as tasks go, as [`run`](Self::run). The environment is dropped with the last task.
    pub async fn lend<P, E, F, Fut>(
        self,
        env: E,
        policy: P,
        body: F,
    ) -> (P::Value, Result<E, StillLent<E>>)
    where
        P: Policy + 'static,
        E: Send + Sync + 'static,
        F: FnOnce(Spawner<P>, Lent<E>) -> Fut,
        Fut: Future<Output = ()>,
    {
        let (lent, still_lent) = lend(env);
        let group = self.open(policy);
        let spawner = group.spawner();
        let (_, value, _) = run::run(group, async move { body(spawner, lent).await }).await;
        (value, still_lent.try_again())
    }
}

fn lend<E>(env: E) -> (Lent<E>, StillLent<E>) {
    let (sender, back) = oneshot::channel();
    let loan = Loan {
        env: Some(env),
        back: Some(sender),
    };
    let lent = Lent {
        loan: Arc::new(loan),
    };
    (lent, StillLent { back })
}

impl<E> Drop for Loan<E> {
    fn drop(&mut self) {
        if let (Some(env), Some(back)) = (self.env.take(), self.back.take()) {
            // Dropped here if nobody wants it back.
            let _ = back.send(env);
        }
    }
}

impl<E> Deref for Lent<E> {
    type Target = E;

    #[inline]
    fn deref(&self) -> &E {
        let env = self.loan.env.as_ref();
        env.expect("it is given back when the last has gone")
    }
}

impl<E> Clone for Lent<E> {
    fn clone(&self) -> Self {
        Self {
            loan: self.loan.clone(),
        }
    }
}

// As an `Arc` of the environment: the channel is touched by the last destructor alone.
impl<E: RefUnwindSafe> UnwindSafe for Lent<E> {}
impl<E: RefUnwindSafe> RefUnwindSafe for Lent<E> {}

impl<E> StillLent<E> {
    /// The environment, if the last [`Lent`] has gone meanwhile.
    ///
    /// # Errors
    ///
    /// Itself, if not.
    pub fn try_again(mut self) -> Result<E, Self> {
        self.back.try_recv().map_err(|_| self)
    }
}

impl<E> Future for StillLent<E> {
    type Output = E;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<E> {
        let env = ready!(Pin::new(&mut self.back).poll(cx));
        Poll::Ready(env.expect("a loan ends by giving back, and is not polled after that"))
    }
}

impl<E: fmt::Debug> fmt::Debug for Lent<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Lent").field(&**self).finish()
    }
}

impl<E> fmt::Debug for StillLent<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StillLent").finish_non_exhaustive()
    }
}

impl<E> fmt::Display for StillLent<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("somebody still has what the group was lent")
    }
}

impl<E> Error for StillLent<E> {}
