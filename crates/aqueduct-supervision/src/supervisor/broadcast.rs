//! Where the events of a supervisor are subscribed to.
//!
//! # Invariants
//!
//! B1. Events are sent outside of the lock, since that calls wakers. Who is about to is counted.
//! B2. The last event is sent when nobody else is about to send: by who tells it, or by the last of those who were counted. So
//!     nothing comes after it, whatever those below do at that moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aqueduct_channel::{Overflow, broadcast};
use aqueduct_core::sync::Lock;

use super::live::Shared;
use crate::event::{EVENTS_KEPT, Event, Events};
use crate::exit::ignore_panic;

/// Of a supervisor, or of a spec that will be one.
///
/// References to the supervisor keep this, and not the subscriptions: those end with the last event that there can be.
#[derive(Default)]
pub(crate) struct Broadcast {
    state: Lock<State>,
}

#[derive(Default)]
struct State {
    channel: Channel,
    /// How many are about to send.
    sending: usize,
    /// What is to be sent after them.
    last: Option<Box<Last>>,
}

struct Last {
    channel: broadcast::Sender<Event>,
    event: Event,
}

#[derive(Default)]
enum Channel {
    /// Nobody has subscribed.
    #[default]
    Unheard,
    Open(broadcast::Sender<Event>),
    /// There will be no more events, but for a last one that is on its way.
    Over,
}

/// Whether anybody has ever subscribed to anything: most programs never do, and need not walk up the tree for each event.
// Relaxed: who subscribes while something happens may get that event or not.
static SUBSCRIBED: AtomicBool = AtomicBool::new(false);

impl Broadcast {
    pub(crate) fn was_any_subscribed() -> bool {
        SUBSCRIBED.load(Ordering::Relaxed)
    }

    pub(super) fn subscribe(&self) -> Events {
        SUBSCRIBED.store(true, Ordering::Relaxed);
        let mut state = self.state.lock();
        let sender = match &state.channel {
            Channel::Open(sender) => return sender.subscribe(),
            Channel::Unheard | Channel::Over => broadcast::Builder::new(EVENTS_KEPT)
                .overflow(Overflow::DropOldest)
                .build_sender(),
        };
        let events = sender.subscribe();
        // Where it is over, the sender goes, and the receiver is told so at once.
        if let Channel::Unheard = state.channel {
            state.channel = Channel::Open(sender);
        }
        events
    }

    /// There will be no more events: receivers get what they have not read, and then that it is closed.
    pub(super) fn close(&self) {
        let before = std::mem::replace(&mut self.state.lock().channel, Channel::Over);
        // It calls wakers, which are the user's.
        ignore_panic(|| drop(before));
    }

    /// The same after one event more.
    pub(super) fn end_with(&self, event: Event) {
        let mut state = self.state.lock();
        let Channel::Open(channel) = std::mem::replace(&mut state.channel, Channel::Over) else {
            return;
        };
        let last = Box::new(Last { channel, event });
        if state.sending > 0 {
            state.last = Some(last);
            return;
        }
        drop(state);
        last.send();
    }

    fn begin(&self) -> Option<broadcast::Sender<Event>> {
        let mut state = self.state.lock();
        match &state.channel {
            Channel::Open(sender) if sender.receiver_count() > 0 => {
                let sender = sender.clone();
                state.sending += 1;
                Some(sender)
            }
            Channel::Unheard | Channel::Open(_) | Channel::Over => None,
        }
    }

    fn sent(&self) {
        let mut state = self.state.lock();
        state.sending -= 1;
        let last = if state.sending == 0 {
            state.last.take()
        } else {
            None
        };
        drop(state);
        if let Some(last) = last {
            last.send();
        }
    }
}

impl Last {
    fn send(self) {
        let Self { channel, event } = self;
        send(&channel, event);
        ignore_panic(|| drop(channel));
    }
}

/// It calls wakers, which are the user's. That nobody listens any more is nothing to tell anybody.
fn send(channel: &broadcast::Sender<Event>, event: Event) {
    ignore_panic(|| drop(channel.send(event)));
}

/// That an event is about to be sent to who listens to a supervisor. It keeps a subscription open for that long.
pub(crate) struct Listener {
    shared: Arc<Shared>,
    channel: Option<broadcast::Sender<Event>>,
}

impl Listener {
    pub(super) fn of(shared: Arc<Shared>) -> Option<Self> {
        let channel = Some(shared.broadcast().begin()?);
        Some(Self { shared, channel })
    }

    pub(crate) fn tell(&self, event: &Event) {
        if let Some(channel) = &self.channel {
            send(channel, event.clone());
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let channel = self.channel.take();
        ignore_panic(|| drop(channel));
        self.shared.broadcast().sent();
    }
}

#[cfg(test)]
mod tests;
