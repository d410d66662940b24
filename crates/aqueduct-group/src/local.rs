//! A group on the caller's own task, whose tasks may borrow from it.
//!
//! ```text
//!             spawn                  poll                     it ends
//!   spawner ─────────▶ inbox ─────────────────▶ children ────────────────▶ counted out, judged
//!                        │                         │
//!                        └──── the group is aborted, or its future is dropped ────▶ cut short
//! ```
//!
//! Only *where* tasks run differs from a group on the runtime. Each has its node, its place and its record in the same
//! `members`, and so policies, limits, phases, reports and the tree are the same. It leaves no waker in its
//! record: an abort wakes the owner, which is the `Driver`, and that drops all of them.
//!
//! # Invariants
//!
//! I1. A task in the inbox or among the children is tracked, and has a place in the group: however it goes, it is counted
//!     out. So when the members are over, none is left here, or the group was aborted and all were dropped.
//! I2. The waker lies in the inbox only while the driver is not being polled, put there under the lock that saw the inbox
//!     empty. So nothing lies there that nobody will fetch, and spawning from inside wakes nobody.
//! I3. The inbox is closed, and emptied, before the driver goes: a task may hold a spawner of its own group, and in the
//!     inbox would keep itself alive.
//!
//! # Why an inbox
//!
//! Tasks spawn tasks while the set of children is being polled, and so is borrowed. The list between costs a lock that
//! nobody else has, and makes the spawner a value without a lifetime of its own: one that borrowed the group would not
//! pass as `Send` ("implementation is not general enough"), and the group's future could not be spawned.
//!
//! # Why no unsafe, and why not in parallel
//!
//! The tasks are *in* the group's future: forget it, and they are forgotten too, and never run again. Tasks on the
//! runtime would go on, with references to a stack that is no more. See `docs/why/group.md`.

mod spawner;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use aqueduct_cancel::{Reason, ReasonKind};
use aqueduct_core::rt::poll_proceed;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use pin_project_lite::pin_project;

use crate::builder::GroupBuilder;
use crate::group::TaskGroup;
use crate::inbox::Inbox;
use crate::policy::Policy;
use crate::run::{Bodily, Ended, settle};

pub use spawner::{Inline, LocalSpawner, LocalTask, SendTask, UnsendTask};

impl GroupBuilder {
    /// Opens the group on this task: its tasks are polled by the returned future, one at a time, and may borrow whatever
    /// outlives it. Gives what the policy makes of them.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), aqueduct_group::GroupError<String>> {
    /// use aqueduct_group::{AllOk, group};
    ///
    /// let text = String::from("three short words");
    /// let mut spawned = 0;
    /// let lengths = group()
    ///     .run_local(AllOk::new(), async |tasks| {
    ///         for word in text.split(' ') {
    ///             // `word` borrows from `text`, which stays where it is.
    ///             if tasks.spawn(async move { Ok(word.len()) }).await.is_err() {
    ///                 // The group was cancelled, as by a failure; what it gives says why.
    ///                 break;
    ///             }
    ///             spawned += 1;
    ///         }
    ///     })
    ///     .await?;
    /// assert_eq!(lengths, [5, 5, 5]);
    /// assert_eq!(spawned, 3);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Everything else is as in [`run`](Self::run): limits, phases, failures, panics, the tree. The group is closed
    /// when the body has returned; the body can leave its result in a variable outside. What a task returns is handed to
    /// the policy, and does not borrow.
    ///
    /// Tasks wait together, not in parallel: one that computes keeps all others waiting. The body is polled whenever a
    /// task of the group is woken.
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run).
    ///
    /// # Cancel safety
    ///
    /// *Strict* as far as tasks go: dropping it drops them. Their results are lost.
    pub async fn run_local<'env, P, F, Fut>(self, policy: P, body: F) -> P::Value
    where
        P: Policy + 'static,
        F: FnOnce(LocalSpawner<P, SendTask<'env>>) -> Fut,
        Fut: Future<Output = ()>,
    {
        run_local(self.open(policy), body).await
    }

    /// As [`run_local`](Self::run_local), with tasks that need not be `Send`. Nor is the returned future, then.
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run).
    ///
    /// # Cancel safety
    ///
    /// *Strict*, as [`run_local`](Self::run_local).
    pub async fn run_local_unsend<'env, P, F, Fut>(self, policy: P, body: F) -> P::Value
    where
        P: Policy + 'static,
        F: FnOnce(LocalSpawner<P, UnsendTask<'env>>) -> Fut,
        Fut: Future<Output = ()>,
    {
        run_local(self.open(policy), body).await
    }
}

async fn run_local<P, T, F, Fut>(group: TaskGroup<P>, body: F) -> P::Value
where
    P: Policy + 'static,
    T: Future<Output = ()> + Unpin,
    F: FnOnce(LocalSpawner<P, T>) -> Fut,
    Fut: Future<Output = ()>,
{
    let inbox = Arc::new(Inbox::new());
    let spawner = LocalSpawner::new(group.spawner(), inbox.clone());
    let ended = Driver {
        // Not called before it is polled: in the group's node, and where its panics are caught.
        body: Bodily::new(&group, async move { body(spawner).await }),
        ended: None,
        children: FuturesUnordered::new(),
        fresh: Vec::new(),
        inbox,
        waker: None,
        body_first: true,
        group: &group,
    }
    .await;
    settle(group, ended).await.1
}

pin_project! {
    /// Polls the body and the tasks of a local group until all have ended.
    struct Driver<'g, P, T, B: Future>
    where
        P: Policy,
        P: 'static,
    {
        #[pin]
        body: Bodily<'g, P, B>,
        // How the body ended, once it has.
        ended: Option<Ended<B::Output>>,
        children: FuturesUnordered<T>,
        // Empty, except in the middle of being moved.
        fresh: Vec<T>,
        inbox: Arc<Inbox<T>>,
        // Ours for the inbox, while it is not there.
        waker: Option<Waker>,
        body_first: bool,
        group: &'g TaskGroup<P>,
    }

    impl<P, T, B: Future> PinnedDrop for Driver<'_, P, T, B>
    where
        P: Policy,
        P: 'static,
    {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if !this.group.is_empty() {
                // Before anything of them is dropped, as on a runtime.
                this.group.close();
                let reason = Reason::new(ReasonKind::Dropped, "its group was dropped");
                this.group.shared().cancel_here(reason);
            }
            this.inbox.close();
        }
    }
}

impl<P, T, B> Driver<'_, P, T, B>
where
    P: Policy + 'static,
    T: Future<Output = ()> + Unpin,
    B: Future,
{
    fn poll_body(self: Pin<&mut Self>, cx: &mut Context<'_>) {
        let this = self.project();
        if this.ended.is_some() {
            return;
        }
        let Poll::Ready(ended) = this.body.poll(cx) else {
            return;
        };
        if let Ended::Panicked(_) = &ended {
            this.group.body_panicked();
        }
        this.group.close();
        *this.ended = Some(ended);
    }

    /// Takes in what was spawned.
    fn take_in(self: Pin<&mut Self>) {
        let this = self.project();
        if let Some(waker) = this.inbox.take(this.fresh) {
            *this.waker = Some(waker);
        }
        this.children.extend(this.fresh.drain(..));
    }

    /// Spends budget for each task that ends: tasks that spawn others and end could otherwise go on for ever.
    fn poll_children(self: Pin<&mut Self>, cx: &mut Context<'_>) {
        let this = self.project();
        while let Poll::Ready(coop) = poll_proceed(cx) {
            match this.children.poll_next_unpin(cx) {
                Poll::Ready(Some(())) => coop.made_progress(),
                Poll::Ready(None) | Poll::Pending => return,
            }
        }
    }

    /// Leaves our waker in the inbox. False if something lies there.
    fn arm(self: Pin<&mut Self>, cx: &Context<'_>) -> bool {
        let this = self.project();
        let ours = this.waker.take();
        let waker = ours
            .filter(|waker| waker.will_wake(cx.waker()))
            .unwrap_or_else(|| cx.waker().clone());
        match this.inbox.arm(waker) {
            Ok(()) => true,
            Err(waker) => {
                *this.waker = Some(waker);
                false
            }
        }
    }
}

impl<P, T, B> Future for Driver<'_, P, T, B>
where
    P: Policy + 'static,
    T: Future<Output = ()> + Unpin,
    B: Future,
{
    type Output = Ended<B::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // In turns: whoever is first may use up the budget of this poll.
        let body_first = self.body_first;
        *self.as_mut().project().body_first = !body_first;
        if body_first {
            self.as_mut().poll_body(cx);
        }
        self.as_mut().take_in();
        self.as_mut().poll_children(cx);
        if !body_first {
            self.as_mut().poll_body(cx);
        }
        loop {
            let members = &self.group.shared().members;
            if members.poll_aborted(cx).is_ready() {
                let this = self.as_mut().project();
                this.inbox.close();
                this.children.clear();
            }
            if self.ended.is_some() && self.group.shared().members.poll_over(cx).is_ready() {
                let ended = self.project().ended.take();
                return Poll::Ready(ended.expect("looked above"));
            }
            if self.as_mut().arm(cx) {
                return Poll::Pending;
            }
            self.as_mut().take_in();
            self.as_mut().poll_children(cx);
        }
    }
}
