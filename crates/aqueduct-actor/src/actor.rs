//! The trait that an actor implements.

use aqueduct_supervision::exit::{Exit, Failure};
use aqueduct_supervision::watch::Down;

use crate::cx::Cx;

/// A value with a task of its own, which handles one message at a time.
///
/// Only [`Msg`](Self::Msg) and [`handle`](Self::handle) have to be given; write them as `async fn`.
///
/// ```text
///   actor(value) ──▶ start ──Ok──▶ handle, signal, handle, … ──▶ stop ──▶ ended: Normal, Shutdown, …
///                      │                     │ panic                ▲
///                      └──Err──▶ Failed      └──────────────────────┘
///                                              kill: dropped at an `.await`, without `stop`
/// ```
pub trait Actor: Sized + Send + 'static {
    /// What it is told: mostly an enum, with a [`Reply`](crate::Reply) in each variant that asks. It lies in the mailbox as it
    /// is.
    type Msg: Send + 'static;

    /// The largest message, in bytes. A larger one does not compile: put what is large in it into a `Box` (`#[boxed]` does that
    /// to a parameter of `#[messages]`), so that small messages need not move as much; or say more here.
    ///
    /// ```compile_fail
    /// use aqueduct_actor::{Actor, Cx, actor};
    ///
    /// struct Large;
    ///
    /// impl Actor for Large {
    ///     type Msg = [u8; 129];
    ///
    ///     async fn handle(&mut self, _: [u8; 129], _: &mut Cx<Self>) {}
    /// }
    ///
    /// actor(Large).spawn();
    /// ```
    const MESSAGE_BYTES_MAX: usize = 128;

    /// The most messages that [`Cx::stash`] keeps.
    const STASH_MAX: usize = 1024;

    /// Handles a message. It cannot fail: an error is an answer. To end, say [`Cx::stop`].
    ///
    /// A panic ends the actor; the message is gone then, and whoever asked gets [`Unknown`](crate::AskError::Unknown).
    fn handle(&mut self, message: Self::Msg, cx: &mut Cx<Self>) -> impl Future<Output = ()> + Send;

    /// Runs before the first message. The actor counts as started when this is done.
    ///
    /// # Errors
    ///
    /// Ends the actor as [`Exit::Failed`]; [`stop`](Self::stop) is not called. [`Cx::stop`] in here ends it too, as it says:
    /// then it has not started either.
    fn start(&mut self, cx: &mut Cx<Self>) -> impl Future<Output = Result<(), Failure>> + Send {
        let _ = cx;
        async { Ok(()) }
    }

    /// Handles a signal, which did not wait in the mailbox.
    ///
    /// Without this, [`Signal::Idle`] and [`Signal::Linked`] end the actor, and others are ignored.
    fn signal(&mut self, signal: Signal, cx: &mut Cx<Self>) -> impl Future<Output = ()> + Send {
        match signal {
            Signal::Idle => cx.stop(Exit::Normal),
            Signal::Linked(down) => cx.stop(Exit::shutdown(format!("linked to {down}"))),
            _ => {}
        }
        async {}
    }

    /// Cleans up. It runs after the last message, after a panic as well, with how the actor ends; not if it is killed, or
    /// has not started.
    fn stop(&mut self, exit: &Exit, cx: &mut Cx<Self>) -> impl Future<Output = ()> + Send {
        let _ = (exit, cx);
        async {}
    }

    /// Is given each message that was told and will not be handled: what was left in the mailbox at the end, and what was
    /// dropped to make room. Of messages that ask, those whose asker does not wait any more.
    ///
    /// It is called wherever that is found out, the sender's thread too. A panic in it is told by the panic hook only.
    fn undelivered(message: Self::Msg) {
        drop(message);
    }
}

/// What an actor is told besides messages.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Signal {
    /// Something that it [monitors](Cx::monitor) has ended.
    Down(Down),
    /// Something that it is [linked](Cx::link) to has ended, and not by [`Exit::Normal`].
    Linked(Down),
    /// There was no message for as long as the idle time-out says.
    Idle,
}
