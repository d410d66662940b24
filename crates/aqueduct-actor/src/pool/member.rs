//! Workers of a pool, and the table of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use aqueduct_core::sync::Lock;
use aqueduct_supervision::child::ChildFuture;
use aqueduct_supervision::{ChildContext, ChildSpec, Exit, Fate, Monitor, StartChild};

use crate::actor::Actor;
use crate::actor_ref::ActorRef;
use crate::child::actor_with;
use crate::mailbox::Mailbox;

use super::Inner;

/// A hold of a worker. Without one it is closed (P1).
pub(super) struct Member<A: Actor> {
    number: usize,
    actor: ActorRef<A>,
    /// Whether it handles a message.
    busy: Arc<AtomicBool>,
}

/// What keeps the table of a pool as long as there is a child that may be started.
struct Kept<A: Actor, S> {
    child: S,
    _pool: Arc<Inner<A>>,
}

impl<A: Actor, S: StartChild> StartChild for Kept<A, S> {
    fn start(&mut self, cx: ChildContext) -> ChildFuture {
        self.child.start(cx)
    }

    fn settled(&mut self, exit: &Exit, fate: Fate) {
        self.child.settled(exit, fate);
    }
}

/// A child that is a worker for good, and which is put into the table.
pub(super) fn settler<A: Actor>(
    number: usize,
    pool: &Arc<Inner<A>>,
    mailbox: Mailbox,
    make: impl Fn() -> A + Send + 'static,
) -> ChildSpec {
    let id = format!("{}-{number}", pool.name);
    let (child, member) = slot(number, &id, mailbox, make);
    pool.table.add(member);
    let child = Kept {
        child,
        _pool: pool.clone(),
    };
    ChildSpec::custom(id, child)
}

/// The child that is a worker, and the first hold of it. If that is dropped before the child has started, the worker starts
/// and leaves.
pub(super) fn worker<A: Actor>(
    number: usize,
    pool: &str,
    mailbox: Mailbox,
    make: impl Fn() -> A + Send + 'static,
) -> (ChildSpec, Member<A>) {
    let id = format!("{pool}-{number}");
    let (child, member) = slot(number, &id, mailbox, make);
    // One that was closed has ended as it should, and is forgotten then; one that dies is started again.
    (ChildSpec::custom(id, child).transient(), member)
}

fn slot<A: Actor>(
    number: usize,
    id: &str,
    mailbox: Mailbox,
    make: impl Fn() -> A + Send + 'static,
) -> (impl StartChild, Member<A>) {
    let builder = actor_with(make).with_mailbox(mailbox);
    let busy = Arc::new(AtomicBool::new(false));
    let (child, actor) = builder.slot(id.into(), Some(busy.clone()));
    let member = Member {
        number,
        actor,
        busy,
    };
    (child, member)
}

impl<A: Actor> Member<A> {
    pub(super) fn number(&self) -> usize {
        self.number
    }

    pub(super) fn actor(&self) -> &ActorRef<A> {
        &self.actor
    }

    /// How many messages it handles, and wait for it.
    pub(super) fn load(&self) -> usize {
        let stats = self.actor.stats();
        let handles = self.busy.load(Ordering::Relaxed);
        stats.len + stats.senders_waiting + usize::from(handles)
    }

    /// Whether it takes messages, as far as can be seen.
    pub(super) fn takes(&self) -> bool {
        !self.actor.shared().control.is_refusing()
    }
}

impl<A: Actor> Drop for Member<A> {
    fn drop(&mut self) {
        self.actor.close();
    }
}

/// The workers that are not leaving.
pub(super) struct Table<A: Actor> {
    members: Lock<Vec<Arc<Member<A>>>>,
    turn: AtomicUsize,
}

impl<A: Actor> Table<A> {
    pub(super) fn new() -> Self {
        Self {
            members: Lock::new(Vec::new()),
            turn: AtomicUsize::new(0),
        }
    }

    /// Whose turn it is.
    pub(super) fn turn(&self) -> usize {
        self.turn.fetch_add(1, Ordering::Relaxed)
    }

    /// Nothing of the user's may run in `choose` (P3).
    pub(super) fn pick<R>(&self, choose: impl FnOnce(&[Arc<Member<A>>]) -> Option<R>) -> Option<R> {
        choose(&self.members.lock())
    }

    pub(super) fn members(&self) -> Vec<Arc<Member<A>>> {
        let members = self.members.lock();
        let alive = members.iter().filter(|member| member.actor.is_alive());
        alive.cloned().collect()
    }

    pub(super) fn len(&self) -> usize {
        let members = self.members.lock();
        members
            .iter()
            .filter(|member| member.actor.is_alive())
            .count()
    }

    pub(super) fn add(&self, member: Member<A>) {
        self.members.lock().push(Arc::new(member));
    }

    /// The lowest number that none has. So a pool that grows again has the numbers, and with them the keys, of before.
    pub(super) fn free_number(&self) -> usize {
        let members = self.members.lock();
        let is_free = |number: &usize| members.iter().all(|member| member.number != *number);
        (0..)
            .find(is_free)
            .expect("there are more numbers than members")
    }

    /// Lets go of those that have ended, and of the ones with the greatest numbers while there are more than `max`. Gives
    /// the ends of these.
    pub(super) fn shrink(&self, max: usize) -> Vec<Monitor> {
        let mut members = self.members.lock();
        let (mut stay, mut gone): (Vec<_>, Vec<_>) = std::mem::take(&mut *members)
            .into_iter()
            .partition(|member| member.actor.is_alive());
        stay.sort_by_key(|member| member.number);
        gone.extend(stay.drain(max.min(stay.len())..));
        *members = stay;
        drop(members);
        let ended = gone.iter().map(|member| member.actor.ended()).collect();
        // Closed here, or by the last send that is under way.
        drop(gone);
        ended
    }
}
