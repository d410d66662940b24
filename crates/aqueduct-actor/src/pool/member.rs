//! Workers of a pool, and the table of them.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use aqueduct_core::sync::Lock;
use aqueduct_supervision::child::ChildFuture;
use aqueduct_supervision::{ChildContext, ChildSpec, Exit, Fate, Monitor, StartChild};

use crate::actor::Actor;
use crate::actor_ref::{ActorRef, WeakActorRef};
use crate::child::actor_with;
use crate::control::Bits;
use crate::mailbox::Mailbox;

use super::Inner;

/// A hold of a worker. Without one it is closed (P1).
pub(super) struct Member<A: Actor> {
    number: usize,
    actor: ActorRef<A>,
    /// Whether it handles a message.
    busy: Arc<AtomicBool>,
}

/// Makes the value of each worker, and of each incarnation of it.
pub(super) struct Make<A>(pub(super) Arc<dyn Fn() -> A + Send + Sync>);

/// The child that is a worker, and the first hold of it. If that is dropped before the child has started, the worker starts
/// and leaves. `kept` is a pool whose table lives for as long as the worker may be started.
pub(super) fn worker<A: Actor>(
    number: usize,
    pool: &str,
    mailbox: Mailbox,
    make: &Make<A>,
    kept: Option<Arc<Inner<A>>>,
) -> (ChildSpec, Member<A>) {
    let id = format!("{pool}-{number}");
    let (child, member) = slot(number, &id, mailbox, make);
    let child = Kept { child, _pool: kept };
    // One that was closed has ended as it should, and is forgotten then; one that dies is started again.
    (ChildSpec::custom(id, child).transient(), member)
}

/// A child that is a worker of the pool's spec, and which is put into the table.
pub(super) fn settler<A: Actor>(
    number: usize,
    pool: &Arc<Inner<A>>,
    mailbox: Mailbox,
    make: &Make<A>,
) -> ChildSpec {
    let seat = Seat {
        number,
        id: format!("{}-{number}", pool.name),
        mailbox,
        make: make.clone(),
        pool: pool.clone(),
    };
    let id = seat.id.clone();
    let (child, member) = seat.take();
    let settler = Settler {
        seat,
        child,
        member,
        rests: false,
    };
    // One that was closed rests, until its supervisor begins anew.
    ChildSpec::custom(id, settler).transient()
}

fn slot<A: Actor>(
    number: usize,
    id: &str,
    mailbox: Mailbox,
    make: &Make<A>,
) -> (impl StartChild + use<A>, Member<A>) {
    let Make(make) = make.clone();
    let builder = actor_with(move || make()).with_mailbox(mailbox);
    let busy = Arc::new(AtomicBool::new(false));
    let (child, actor) = builder.slot(id.into(), Some(busy.clone()));
    let member = Member {
        number,
        actor,
        busy,
    };
    (child, member)
}

/// A child that keeps the table of a pool.
struct Kept<A: Actor, S> {
    child: S,
    _pool: Option<Arc<Inner<A>>>,
}

impl<A: Actor, S: StartChild> StartChild for Kept<A, S> {
    fn start(&mut self, cx: ChildContext) -> ChildFuture {
        self.child.start(cx)
    }

    fn settled(&mut self, exit: &Exit, fate: Fate) {
        self.child.settled(exit, fate);
    }
}

/// A child that is a worker whenever the pool is started. If it has left by then, it is another one.
struct Settler<A: Actor> {
    seat: Seat<A>,
    child: Box<dyn StartChild>,
    member: Weak<Member<A>>,
    /// It has ended in an orderly way, or was terminated.
    rests: bool,
}

/// What a worker of the pool's spec is made by.
struct Seat<A: Actor> {
    number: usize,
    id: String,
    mailbox: Mailbox,
    make: Make<A>,
    pool: Arc<Inner<A>>,
}

impl<A: Actor> Seat<A> {
    /// Makes a worker, and puts it into the table.
    fn take(&self) -> (Box<dyn StartChild>, Weak<Member<A>>) {
        let (child, member) = slot(self.number, &self.id, self.mailbox.clone(), &self.make);
        let member = Arc::new(member);
        let weak = Arc::downgrade(&member);
        self.pool.table.add(member);
        (Box::new(child), weak)
    }
}

impl<A: Actor> StartChild for Settler<A> {
    fn start(&mut self, cx: ChildContext) -> ChildFuture {
        if std::mem::take(&mut self.rests) && !self.seat.pool.table.has(&self.member) {
            (self.child, self.member) = self.seat.take();
        }
        self.child.start(cx)
    }

    fn settled(&mut self, exit: &Exit, fate: Fate) {
        self.rests |= fate == Fate::Resting;
        self.child.settled(exit, fate);
    }
}

impl<A> Clone for Make<A> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
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

    /// Whether it has not ended, or will be started again.
    fn lives(&self) -> bool {
        let over = Bits::RESTING.with(Bits::ENDED);
        !self.actor.shared().control.bits().has(over)
    }
}

impl<A: Actor> Drop for Member<A> {
    fn drop(&mut self) {
        self.actor.close();
    }
}

/// The workers that are not leaving, and who is.
pub(super) struct Table<A: Actor> {
    members: Lock<Vec<Arc<Member<A>>>>,
    /// None if nobody asks who they are.
    leaving: Option<Lock<Vec<WeakActorRef<A>>>>,
    turn: AtomicUsize,
}

impl<A: Actor> Table<A> {
    /// `knows_leaving` says that [`leaving`](Self::leaving) will be asked for.
    pub(super) fn new(knows_leaving: bool) -> Self {
        Self {
            members: Lock::new(Vec::new()),
            leaving: knows_leaving.then(Lock::default),
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
        let alive = members.iter().filter(|member| member.lives());
        alive.cloned().collect()
    }

    pub(super) fn len(&self) -> usize {
        let members = self.members.lock();
        members.iter().filter(|member| member.lives()).count()
    }

    pub(super) fn add(&self, member: Arc<Member<A>>) {
        self.members.lock().push(member);
    }

    fn has(&self, member: &Weak<Member<A>>) -> bool {
        let members = self.members.lock();
        let is_it = |one: &Arc<Member<A>>| std::ptr::eq(Arc::as_ptr(one), member.as_ptr());
        members.iter().any(is_it)
    }

    /// The lowest number that none has. So a pool that grows again has the numbers, and with them the keys, of before.
    pub(super) fn free_number(&self) -> usize {
        let members = self.members.lock();
        let is_free = |number: &usize| members.iter().all(|member| member.number != *number);
        (0..)
            .find(is_free)
            .expect("there are more numbers than members")
    }

    /// Lets go of those that have ended, and of the ones with the greatest numbers while more than `max` live. Who rests has
    /// its place: it comes back with the pool.
    pub(super) fn shrink(&self, max: usize) {
        let mut members = self.members.lock();
        let (mut alive, mut gone): (Vec<_>, Vec<_>) = std::mem::take(&mut *members)
            .into_iter()
            .partition(|member| member.actor.is_alive());
        alive.sort_by_key(|member| member.number);
        let mut room = max;
        let (stay, leave): (Vec<_>, Vec<_>) = alive.into_iter().partition(|member| {
            let lives = member.lives();
            let stays = !lives || room > 0;
            room = room.saturating_sub(usize::from(lives));
            stays
        });
        *members = stay;
        drop(members);
        if let Some(weak) = &self.leaving {
            let mut leaving = self.take_leaving();
            leaving.extend(leave.iter().map(|member| member.actor.clone()));
            weak.lock().extend(leaving.iter().map(ActorRef::downgrade));
        }
        gone.extend(leave);
        // Closed here, or by the last send that is under way.
        drop(gone);
    }

    /// The ends of those that were let go, and have not ended yet.
    pub(super) fn leaving(&self) -> Vec<Monitor> {
        self.take_leaving().iter().map(ActorRef::ended).collect()
    }

    fn take_leaving(&self) -> Vec<ActorRef<A>> {
        let Some(leaving) = &self.leaving else {
            return Vec::new();
        };
        let leaving = std::mem::take(&mut *leaving.lock());
        leaving.iter().filter_map(WeakActorRef::upgrade).collect()
    }
}
