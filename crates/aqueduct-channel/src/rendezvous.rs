//! A channel without room: a send is over when a receiver has taken the message.
//!
//! ```text
//!   senders' line            receivers' line
//!   ┌────┬────┬────┐         ┌────────┬────────┬─────────┬─────────┐
//!   │ m1 │ m2 │ m3 │ ◀────── │ called │ called │ waiting │ waiting │      two offers, two receivers called
//!   └────┴────┴────┘  take   └────────┴────────┴─────────┴─────────┘
//!     │                          ▲
//!     └── a message stays here   └── who was called takes the oldest offer when it is polled;
//!         until it is taken          who goes away is replaced by the first that waits
//! ```
//!
//! The message never goes to meet the receiver. A sender puts it in line, and the first receiver that waits is
//! *called*, which is a wake-up and a right to one offer, no more. It takes the oldest message in the poll that returns
//! it, and the sender is told. So both sides can be dropped at any moment: a receiver that was called and is dropped
//! passes its call on, a sender that is dropped before its message was taken takes it out of the line.
//!
//! Both lines are first come, first served: a newcomer takes an offer only if there are more of them than receivers
//! that were called. The price is that a receiver that was called and is neither polled nor dropped keeps one sender
//! waiting, as in every fair queue.
//!
//! # `try_send` and `try_recv`
//!
//! `try_recv` is exact: at the moment when it holds the lock there is an offer that no receiver was called for, or
//! there is not. For `try_send` there is nobody to keep the message until the receiver is polled, which may be never.
//! To put it into the receiver would lose it with the receiver. To demand a receiver that is being polled would fail
//! nearly always. So the message is *handed*: put in line without a sender, if a receiver waits that can be called for
//! it. If that one is dropped the next is called, and with nobody left it stays in line for who comes. A handed message
//! is lost only with the last receiver.
//!
//! # Why one lock, and not two wait queues
//!
//! With a `WaitQueue` for each side, the rule "as many called as there are offers" would span two locks: each arrival
//! would look at the other queue after its own, with a barrier between, and a sender's leaving could not take back a
//! call without a second look. Here it is an invariant of plain data under one lock ([`meeting`]), every transition
//! restores it at once, and there is no unsafe. A hand-over takes the lock twice on either side, against two
//! wake-ups, which cost ten times as much.

mod case;
mod line;
mod meeting;
mod receiver;
mod sender;
mod shared;
#[cfg(all(feature = "tokio", not(aqueduct_loom)))]
mod timeout;

pub use receiver::{RendezvousReceiver, WeakRendezvousReceiver};
pub use sender::{RendezvousSender, WeakRendezvousSender};

use aqueduct_core::sync::{Arc, AtomicUsize, Ordering};

use shared::Shared;

/// Creates a channel with no room at all: a send is over when a receiver has taken the message.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use aqueduct_channel::mpmc;
///
/// let (tx, rx) = mpmc::rendezvous();
/// assert!(tx.try_send("nobody waits yet").is_err());
/// let receiver = tokio::spawn(async move { rx.recv().await });
/// tx.send("taken").await.unwrap(); // From here on the receiver has it.
/// assert_eq!(receiver.await.unwrap(), Some("taken"));
/// # }
/// ```
pub fn rendezvous<T>() -> (RendezvousSender<T>, RendezvousReceiver<T>) {
    let shared = Arc::new(Shared::new());
    (
        RendezvousSender::first(shared.clone()),
        RendezvousReceiver::first(shared),
    )
}

/// Counts one handle more, unless all are gone.
fn one_more(count: &AtomicUsize) -> bool {
    let mut now = count.load(Ordering::Relaxed);
    while now > 0 {
        match count.compare_exchange_weak(now, now + 1, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => return true,
            Err(other) => now = other,
        }
    }
    false
}

#[cfg(test)]
mod tests;
