//! What an actor's references and its loop share: the slot. It outlives incarnations.
//!
//! # Invariants
//!
//! H1. The receiving end of the mailbox is with the incarnation that runs, or parked here; or it is gone for good. A sweep
//!     has it for a moment, and only while none runs.
//! H2. While `RESTING` is set, what is in the mailbox is swept out: by who set it, and by senders who see it after they
//!     have sent. One of the two sees the other, since a barrier is between what each writes and what it reads. An
//!     incarnation that was given up, and parks the mailbox later, does so then.
//! H3. An incarnation's end is told after all that it was has ended: its value dropped, its tasks joined, its mailbox parked
//!     or empty.
//! H4. After `ENDED` the mailbox is closed, and emptied. Who was promised room before may put a message in later: as long as
//!     there is somebody like that, the mailbox is parked, and such a sender sweeps it, which sees that it has ended. One of
//!     the two sees the other, as in H2.
//!
//! # What of it is modelled
//!
//! Requests to end, against an incarnation that ends, rests, or begins, are: with the lane, which holds them
//! ([`control`](crate::control), C6). All that is added here is the lock of [`Life`], under which an incarnation begins and the
//! lane is renewed, and the word asked again where a scope is cancelled. What is here names the actor, and by that Tokio, so
//! that it has no models; where it is more than that lock it is the barrier of H2 and H4, which those of core's waits have.

use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};

use aqueduct_cancel::CancelScope;
use aqueduct_channel::Overflow;
use aqueduct_channel::error::TryRecvError;
use aqueduct_core::barrier;
use aqueduct_core::sync::Lock;
use aqueduct_supervision::exit::Exit;
use aqueduct_supervision::watch::{Downs, Ends, Lifeline, MonitorId, ProcessId, Told, Watch};

use crate::actor::{Actor, Signal};
use crate::ask::UnsentReason;
use crate::control::{Bits, Control, To};
use crate::cx::{Messages, Monitors};
use crate::guard::ignore_panic;
use crate::mailbox::{Envelope, MailRx, MailTx, undelivered};
use crate::node::ActorNode;
use crate::told;

pub(crate) struct Shared<A: Actor> {
    pub(crate) control: Control<Signal, Exit>,
    pub(crate) until: Until,
    pub(crate) overflow: Overflow,
    pub(crate) node: ActorNode,
    /// For references that are made here. It keeps the mailbox open.
    pub(crate) tx: MailTx<Envelope<A::Msg>>,
    life: Lock<Life<A>>,
}

/// When an actor ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// When nobody can reach it.
    Unreachable,
    /// When it is told to.
    Stopped,
    /// As `Stopped`; and it may be started again.
    Gone,
}

/// Who watches is rarely somebody, so what they need is made when they come.
struct Life<A: Actor> {
    /// Of the present incarnation, or of the first while it has not begun.
    incarnation: Option<Lifeline>,
    /// Of the slot: it ends when nothing will be started again.
    slot: Option<Lifeline>,
    /// The last incarnation, while there is none.
    last: Option<Ended>,
    /// Since somebody has asked for the ends of all incarnations.
    ends: Option<Ends>,
    parked: Option<Box<Mail<A>>>,
    more: Option<Box<More<A>>>,
}

/// An incarnation that has ended.
struct Ended {
    exit: Exit,
    /// Once there is one: who watches it late is told of the same one.
    watch: Option<Watch>,
}

/// What is rarely there.
struct More<A: Actor> {
    /// What an incarnation has left to be handled before what is in the mailbox.
    front: Option<Messages<A>>,
    /// Cancelled when the present incarnation shall end.
    scope: Option<CancelScope>,
    /// What the present incarnation watches.
    monitors: Monitors,
    /// Of the slot, once that has ended and somebody has asked: who watches it late is told of the same one.
    over: Option<Watch>,
}

impl<A: Actor> Life<A> {
    /// The present incarnation ends: tells who has the downs of all.
    fn tell_ends(&mut self, node: &ActorNode, exit: &Exit) -> Option<Told> {
        // Of those that have gone nothing is kept.
        self.ends.take_if(|ends| !ends.is_heard());
        let ends = self.ends.as_ref()?;
        if self.last.is_some() {
            // It had ended before, and so does its place now.
            return None;
        }
        let new = || Lifeline::new(node.name.clone());
        let incarnation = self.incarnation.get_or_insert_with(new);
        Some(ends.tell(incarnation.id(), exit))
    }

    fn more(&mut self) -> &mut More<A> {
        self.more.get_or_insert_with(|| {
            Box::new(More {
                front: None,
                scope: None,
                monitors: Monitors::default(),
                over: None,
            })
        })
    }
}

/// The receiving end of an actor's mailbox.
pub(crate) type Mail<A> = MailRx<Envelope<<A as Actor>::Msg>>;

impl<A: Actor> Shared<A> {
    pub(crate) fn new(
        until: Until,
        overflow: Overflow,
        node: ActorNode,
        tx: MailTx<Envelope<A::Msg>>,
    ) -> Self {
        Self {
            control: Control::new(),
            until,
            overflow,
            node,
            tx,
            life: Lock::new(Life {
                incarnation: None,
                slot: None,
                last: None,
                ends: None,
                parked: None,
                more: None,
            }),
        }
    }

    /// Asks the present incarnation to end, or the next one if there is none and that is to hold.
    pub(crate) fn stop(&self, exit: Exit, to: To) {
        let to = match to {
            // Of one that is started again after it in any case, any end is as good.
            To::Address if !self.holds(&exit) => To::Incarnation,
            to => to,
        };
        self.control.stop(exit, to);
        self.cancel_scope();
    }

    pub(crate) fn kill(&self, exit: Exit) {
        let holds = self.holds(&exit);
        self.control.kill(exit, holds);
        self.cancel_scope();
    }

    fn holds(&self, exit: &Exit) -> bool {
        self.until == Until::Gone && exit.is_orderly()
    }

    /// To be called after somebody was told to end.
    fn cancel_scope(&self) {
        let scope = {
            let life = self.life.lock();
            let more = life.more.as_ref();
            // Asked under the lock, by which an incarnation begins: the one that was told may be over, and this of the next.
            let ends = self.control.bits().has(TO_END);
            more.filter(|_| ends).and_then(|more| more.scope.clone())
        };
        cancel(scope);
    }

    /// Cancelled when the present incarnation shall end.
    pub(crate) fn scope(&self) -> CancelScope {
        let mut life = self.life.lock();
        let scope = life.more().scope.get_or_insert_with(CancelScope::new);
        let scope = scope.clone();
        drop(life);
        // Whoever told it before there was a scope found none.
        if self.control.bits().has(TO_END) {
            cancel(Some(scope.clone()));
        }
        scope
    }

    /// Of the present incarnation; between two, of the one before.
    pub(crate) fn watch(&self) -> Watch {
        let mut life = self.life.lock();
        if let Some(Ended { exit, watch }) = &mut life.last {
            let late = || Watch::ended(self.node.name.clone(), exit.clone());
            return watch.get_or_insert_with(late).clone();
        }
        let lifeline = life.incarnation.get_or_insert_with(|| self.lifeline());
        lifeline.watch()
    }

    /// Of the ends of all incarnations, from the present one or the last one on.
    pub(crate) fn downs(&self) -> Downs {
        let mut life = self.life.lock();
        let last = life.last.as_mut().map(|Ended { exit, watch }| {
            let late = || Watch::ended(self.node.name.clone(), exit.clone());
            let watch = watch.get_or_insert_with(late);
            (watch.id(), watch.exit().unwrap_or_else(|| exit.clone()))
        });
        let new = || Ends::new(self.node.name.clone());
        if last.is_some() && self.control.bits().has(Bits::ENDED) {
            // With nobody to tell any more: it is over.
            return new().downs(last);
        }
        life.ends.get_or_insert_with(new).downs(last)
    }

    /// The present incarnation watches something, until it ends or takes that back.
    pub(crate) fn has_monitor(&self, watch: Watch, id: MonitorId) {
        self.life.lock().more().monitors.add(watch, id);
    }

    /// True if there was no signal and will be none.
    pub(crate) fn demonitor(&self, process: ProcessId, id: MonitorId) -> bool {
        let watch = {
            let mut life = self.life.lock();
            let more = life.more.as_mut();
            more.and_then(|more| more.monitors.remove(process, id))
        };
        watch.is_some_and(|watch| watch.demonitor(id))
    }

    /// Of the slot.
    pub(crate) fn watch_slot(&self) -> Watch {
        let mut life = self.life.lock();
        if let Some(Ended { exit, .. }) = &life.last
            && self.control.bits().has(Bits::ENDED)
        {
            let exit = exit.clone();
            let late = || Watch::ended(self.node.name.clone(), exit);
            return life.more().over.get_or_insert_with(late).clone();
        }
        life.slot.get_or_insert_with(|| self.lifeline()).watch()
    }

    fn lifeline(&self) -> Lifeline {
        Lifeline::new(self.node.name.clone())
    }

    /// To be called after a message was sent. `waited` says that it may have been by a promise.
    #[inline(always)]
    pub(crate) fn was_sent(&self, waited: bool) {
        if waited {
            self.sweep_if_over();
        } else if self.until == Until::Gone {
            self.sweep_if_resting();
        }
    }

    #[cold]
    fn sweep_if_over(&self) {
        // The other half is in `over` (H4), or in `rest` (H2).
        barrier::full();
        if self.control.bits().has(LIFELESS) {
            self.sweep();
        }
    }

    #[inline]
    fn sweep_if_resting(&self) {
        if barrier::is_asymmetric() {
            barrier::light();
        } else {
            barrier::full();
        }
        if self.control.bits().has(Bits::RESTING) {
            self.sweep();
        }
    }

    /// An incarnation begins, with the mailbox and what goes before that. None while a sweep has it.
    pub(crate) fn begin(&self) -> Option<(Mail<A>, Option<Messages<A>>)> {
        let mut life = self.life.lock();
        let mail = life.parked.take()?;
        let before = life.last.take();
        let more = life.more.take();
        self.control.clear(Bits::RESTING);
        // Under the lock, so that who asks for its watch and then for its turn does not get that of the one before.
        let forgotten = self.control.renew(before.is_none());
        drop(life);
        drop((before, forgotten));
        Some((*mail, more.and_then(|more| more.front)))
    }

    /// An incarnation gives the mailbox back. It is emptied if nothing will be started again, or only when somebody says so:
    /// a supervisor may have said that while this one was unresponsive.
    pub(crate) fn park(&self, mail: Mail<A>, front: Option<Messages<A>>) {
        let mut life = self.life.lock();
        if !self.control.bits().has(Bits::ENDED) {
            life.parked = Some(Box::new(mail));
            if front.is_some() {
                life.more().front = front;
            }
            drop(life);
            // Whoever set it later finds what is parked.
            if self.control.bits().has(Bits::RESTING) {
                self.sweep();
            }
            return;
        }
        drop(life);
        self.over(mail, front, false);
    }

    /// An incarnation has ended (H3), and perhaps the slot with it.
    pub(crate) fn ended(&self, exit: Exit, over: bool) {
        let mut life = self.life.lock();
        let heard = life.tell_ends(&self.node, &exit);
        let ends = if over { life.ends.take() } else { None };
        let slot = if over { life.slot.take() } else { None };
        if let Some(slot) = &slot {
            life.more().over = Some(slot.watch());
        }
        let watched = [life.incarnation.take(), slot];
        let more = life.more.as_mut();
        let (scope, monitors) = match more {
            Some(more) => (more.scope.take(), Some(std::mem::take(&mut more.monitors))),
            None => (None, None),
        };
        let told = watched.iter().any(Option::is_some).then(|| exit.clone());
        let before = life.last.take();
        let watch = match &watched[0] {
            Some(incarnation) => Some(incarnation.watch()),
            // It had ended before, and so does its place now.
            None => before.as_ref().and_then(|last| last.watch.clone()),
        };
        life.last = Some(Ended { exit, watch });
        drop(life);
        drop(before);
        cancel(scope);
        if let Some(monitors) = monitors {
            monitors.end();
        }
        if let Some(exit) = told {
            for lifeline in watched.into_iter().flatten() {
                lifeline.end(exit.clone());
            }
        }
        drop(heard);
        drop(ends);
    }

    /// The slot has ended, of which no incarnation runs.
    pub(crate) fn gone(&self) {
        if self.control.bits().has(Bits::ENDED) {
            return;
        }
        // Before the look at what is parked: who parks later sees it.
        self.control.end();
        let mut life = self.life.lock();
        let last = life.last.as_ref().map(|last| last.exit.clone());
        let parked = life.parked.take();
        // The rest is of an incarnation, which may be unresponsive.
        let front = life.more.as_mut().and_then(|more| more.front.take());
        drop(life);
        if let Some(mail) = parked {
            self.over(*mail, front, false);
        }
        self.ended(last.unwrap_or(Exit::Killed), true);
    }

    /// Takes nothing until it is started again.
    pub(crate) fn rest(&self) {
        self.control.rest();
        // The other half is in `sweep_if_resting` (H2).
        barrier::heavy();
        self.sweep();
    }

    fn sweep(&self) {
        let mut life = self.life.lock();
        // Asked under the lock, by which an incarnation begins: what is here then is not for one that has.
        if !self.control.bits().has(LIFELESS) {
            return;
        }
        let front = life.more.as_mut().and_then(|more| more.front.take());
        let parked = life.parked.take();
        drop(life);
        let mut left = undeliver::<A>(front);
        if let Some(mail) = parked {
            left += self.empty(*mail);
        }
        told::undelivered(self, left);
    }

    /// Takes out what is in a mailbox, and parks it, unless nothing can come into it any more. Returns how many that were.
    fn empty(&self, mut mail: Mail<A>) -> usize {
        let mut left = 0;
        loop {
            let ended = self.control.bits().has(Bits::ENDED);
            if ended {
                close::<A>(&mut mail);
            }
            let (drained, over) = drain::<A>(&mut mail);
            left += drained;
            if over {
                return left;
            }
            let mut life = self.life.lock();
            // What was sent meanwhile by who found no mailbox to sweep is seen here; and by who ended it meanwhile.
            if mail.is_empty() && self.control.bits().has(Bits::ENDED) == ended {
                life.parked = Some(Box::new(mail));
                return left;
            }
        }
    }

    /// Nothing will be started again. What is left goes to its askers, or is undelivered. `alone` says that there is no
    /// reference, and can be none.
    pub(crate) fn over(&self, mail: Mail<A>, front: Option<Messages<A>>, alone: bool) {
        self.control.end();
        let mut left = undeliver::<A>(front);
        if !alone || !mail.is_empty() {
            // The other half is in `sweep_if_over` (H4).
            barrier::full();
            left += self.empty(mail);
        }
        told::undelivered(self, left);
    }

    /// Whether only the actor itself could tell it something. If so, what others have told it is seen in the mailbox.
    pub(crate) fn is_unreachable(&self) -> bool {
        let unreachable = self.until == Until::Unreachable && self.tx.count() == 1;
        if unreachable {
            // Acquire pairs with the AcqRel by which the last of the others left: it had sent before.
            fence(Ordering::Acquire);
        }
        unreachable
    }

    /// Whether there is no reference, and can be none.
    pub(crate) fn is_alone(self: &Arc<Self>) -> bool {
        if self.tx.count() != 1 {
            return false;
        }
        // Acquire pairs with the same AcqRel: a weak reference that its owner had made before is counted.
        fence(Ordering::Acquire);
        if Arc::weak_count(self) != 0 {
            return false;
        }
        // Acquire pairs with the Release by which a weak reference went: a sender that it has become is counted.
        fence(Ordering::Acquire);
        self.tx.count() == 1
    }
}

/// No incarnation runs, and none is about to.
const LIFELESS: Bits = Bits::RESTING.with(Bits::ENDED);

/// The present incarnation was told to end.
const TO_END: Bits = Bits::STOP.with(Bits::KILL);

/// Why an actor's scope is cancelled.
const ENDS: &str = "the actor is to end";

/// Whoever waits for it is woken, by wakers that are the user's: one that panics keeps nothing from being told, nor ends who
/// told the actor to end.
fn cancel(scope: Option<CancelScope>) {
    if let Some(scope) = scope {
        ignore_panic(|| {
            scope.cancel_because(ENDS);
        });
    }
}

/// As [`cancel`], of those who wait for room.
fn close<A: Actor>(mail: &mut Mail<A>) {
    ignore_panic(|| mail.close());
}

/// Returns how many there were.
fn undeliver<A: Actor>(messages: Option<Messages<A>>) -> usize {
    let messages = messages.into_iter().flatten();
    messages.map(|message| undelivered::<A>(message)).count()
}

/// Takes out what is in a mailbox. Returns how many that were, and whether nothing can come any more.
fn drain<A: Actor>(mail: &mut Mail<A>) -> (usize, bool) {
    let mut left = 0;
    let mut end = None;
    while end.is_none() {
        // To take one makes room, and wakes who waits for it.
        ignore_panic(|| match mail.try_recv() {
            Ok(envelope) => {
                left += 1;
                envelope.unsent::<A>(UnsentReason::Closed);
            }
            Err(error) => end = Some(error),
        });
    }
    (left, end == Some(TryRecvError::Disconnected))
}

/// A reference's hold of the slot.
pub(crate) struct Held<A: Actor>(pub(crate) Arc<Shared<A>>);

impl<A: Actor> Clone for Held<A> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<A: Actor> Drop for Held<A> {
    #[inline]
    fn drop(&mut self) {
        // The reference's sender is gone by now: of several that go at once the last to leave sees that.
        if self.0.is_unreachable() {
            self.0.control.raise(Bits::UNREACHABLE);
        }
    }
}

#[cfg(test)]
mod tests;
