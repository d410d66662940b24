//! A room: an actor that gives each message to all members, in one order for all.
//!
//! Messages of one sender come in the order in which it sent them, as an actor keeps that order; and all members get all
//! messages in the order of their numbers, as the room gives out one after the other. It never waits for a member: see
//! [`session`](crate::session).
//!
//! When it fails, its supervisor starts it again. What was told it meanwhile waits in its mailbox; members and numbers are in
//! the [ledger](crate::ledger); and whoever said what the room failed on is told how far that came.
//!
//! A room whose last member has left ends. Who is about to join then finds it closed, and asks the directory for another.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aqueduct_actor::{Actor, ActorRef, Cx, Reply, Signal, TryTellError, actor_with};
use aqueduct_supervision::watch::{Linkable, MonitorId};
use aqueduct_supervision::{DynamicSpec, Exit, Failure, ProcessId, Supervisor};

use crate::books::{Books, Entry, Why};
use crate::faults::{Faults, Fuse};
use crate::ledger::{Abandoned, Ledger, Member, MemberId, Membership};
use crate::protocol::{Event, Limits, Line, Name, Refusal};
use crate::session::{SessionMsg, SessionRef};

/// The actor: an incarnation of a room.
#[derive(Debug)]
pub(crate) struct Room {
    kept: Arc<Kept>,
    /// As they are in the ledger.
    members: Vec<Member<SessionRef>>,
    watched: HashMap<ProcessId, (MemberId, MonitorId)>,
}

/// What stays when an incarnation ends.
#[derive(Debug)]
struct Kept {
    name: Name,
    limits: Limits,
    books: Arc<Books>,
    fuse: Option<Arc<Fuse>>,
    ledger: Mutex<Ledger<SessionRef>>,
}

#[derive(Debug)]
pub(crate) enum RoomMsg {
    Join {
        id: MemberId,
        name: Name,
        session: SessionRef,
        reply: Reply<(), Refusal>,
    },
    /// The answer is given when nothing more will come from this room.
    Leave { id: MemberId, reply: Reply<()> },
    Say {
        from: MemberId,
        id: Option<u64>,
        text: String,
    },
    /// Who is there, told to one of them.
    Who { id: MemberId },
}

pub(crate) type RoomRef = ActorRef<Room>;

/// What all rooms of a server share.
#[derive(Clone, Debug)]
pub(crate) struct RoomOptions {
    pub(crate) limits: Limits,
    pub(crate) books: Arc<Books>,
    pub(crate) faults: Option<Arc<Faults>>,
    /// So many restarts of all rooms within this time are let pass. With one more the server ends.
    pub(crate) restarts: (u32, Duration),
}

/// The supervisor of all rooms.
pub(crate) fn rooms(options: RoomOptions) -> DynamicSpec<Name, RoomRef> {
    let (restarts, period) = options.restarts;
    let template = move |name: Name| {
        let kept = Arc::new(Kept {
            fuse: options.faults.as_ref().map(|faults| faults.of(&name)),
            limits: options.limits,
            books: options.books.clone(),
            ledger: Mutex::new(Ledger::new()),
            name,
        });
        let id = kept.name.to_string();
        let mut is_first = true;
        let make = move || {
            if !std::mem::take(&mut is_first) {
                kept.books.rooms_restarted.add(1);
            }
            Room {
                kept: kept.clone(),
                members: Vec::new(),
                watched: HashMap::new(),
            }
        };
        let (spec, room) = actor_with(make).child(id);
        (spec.transient(), room)
    };
    Supervisor::dynamic(template).with_intensity(restarts, period)
}

impl Kept {
    /// Each change under the lock is one step, and none can panic midway.
    fn ledger(&self) -> MutexGuard<'_, Ledger<SessionRef>> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes who is no member any more, and ends its session if it did not read.
    fn cut_off(&self, member: &Member<SessionRef>, membership: Membership, why: Why) {
        self.books.enter(|| Entry::Parted {
            room: self.name.clone(),
            name: member.name.clone(),
            membership,
            why,
        });
        if why == Why::TooSlow {
            self.books.sessions_cut.add(1);
            member.to.kill();
        }
    }
}

impl Actor for Room {
    type Msg = RoomMsg;

    async fn start(&mut self, cx: &mut Cx<Self>) -> Result<(), Failure> {
        let lost = self.kept.ledger().recover();
        self.members = self.kept.ledger().members().to_vec();
        for member in &self.members {
            watch(&mut self.watched, member.id, &member.to, cx);
        }
        if let Some(lost) = lost {
            self.tell_lost(lost, cx);
        }
        Ok(())
    }

    async fn handle(&mut self, message: RoomMsg, cx: &mut Cx<Self>) {
        match message {
            RoomMsg::Join {
                id,
                name,
                session,
                reply,
            } => reply.send_result(self.join(id, name, session, cx)),
            RoomMsg::Leave { id, reply } => {
                self.part(id, Why::Left, cx);
                reply.send(());
            }
            RoomMsg::Say { from, id, text } => self.say(from, id, &text, cx),
            RoomMsg::Who { id } => self.tell_who(id, cx),
        }
    }

    async fn signal(&mut self, signal: Signal, cx: &mut Cx<Self>) {
        if let Signal::Down(down) = signal
            && let Some((id, _)) = self.watched.remove(&down.id)
        {
            self.part(id, Why::Gone, cx);
        }
    }
}

impl Room {
    fn join(
        &mut self,
        id: MemberId,
        name: Name,
        session: SessionRef,
        cx: &mut Cx<Self>,
    ) -> Result<(), Refusal> {
        let max = self.kept.limits.members_max;
        let room = || self.kept.name.clone();
        if self.members.iter().any(|member| member.id == id) {
            return Err(Refusal::InAlready(room()));
        }
        if self.members.len() >= max {
            return Err(Refusal::RoomFull { room: room(), max });
        }
        watch(&mut self.watched, id, &session, cx);
        let entered = Event::Entered {
            room: self.kept.name.as_str().into(),
            name: name.as_str().into(),
        };
        self.announce(entered.line(), cx);
        let seq = {
            let mut ledger = self.kept.ledger();
            ledger.add(id, name, session);
            self.members = ledger.members().to_vec();
            ledger.seq()
        };
        let joined = Event::Joined {
            room: self.kept.name.as_str().into(),
            seq,
            members: self.names(),
        };
        self.tell(id, joined.line(), cx);
        Ok(())
    }

    /// Gives a message to all members.
    fn say(&mut self, from: MemberId, id: Option<u64>, text: &str, cx: &mut Cx<Self>) {
        let kept = self.kept.clone();
        let books = &kept.books;
        let Some(sender) = self.members.iter().find(|member| member.id == from) else {
            books.strays.add(1);
            return;
        };
        let seq = kept.ledger().begin(from, id);
        books.accepted.add(1);
        books.due.add(self.members.len());
        let said = Event::Said {
            room: kept.name.as_str().into(),
            seq,
            from: sender.name.as_str().into(),
            text: text.into(),
            id,
        };
        let line = said.line();
        let mut parted = Vec::new();
        self.members.retain(|member| {
            if let Some(fuse) = &kept.fuse {
                fuse.burn();
            }
            let Err(why) = offer(&member.to, &line) else {
                kept.ledger().settle();
                books.queued.add(1);
                return true;
            };
            match why {
                Why::TooSlow => books.too_slow.add(1),
                _ => books.gone.add(1),
            }
            if let Some((member, membership)) = kept.ledger().refuse(member.id) {
                // At once, as the room may fail before it comes to the others.
                kept.cut_off(&member, membership, why);
                parted.push(member);
            }
            false
        });
        kept.ledger().finish();
        for member in parted {
            self.has_parted(&member, cx);
        }
    }

    /// Tells the sender of a message what became of it.
    fn tell_lost(&mut self, lost: Abandoned, cx: &mut Cx<Self>) {
        let message = &lost.message;
        self.kept.books.abandoned.add(lost.unreached.len());
        let delivered = message.due - lost.unreached.len();
        let told = Event::Lost {
            room: self.kept.name.as_str().into(),
            seq: message.seq,
            id: message.id,
            delivered,
            due: message.due,
            text: format!(
                "the room failed on what you said, and was started again: {delivered} of {} have it; \
                 say it once more if the others should",
                message.due
            )
            .into(),
        };
        let (from, line) = (message.from, told.line());
        self.kept.books.enter(|| Entry::Abandoned {
            room: self.kept.name.clone(),
            lost,
        });
        self.tell(from, line, cx);
    }

    fn tell_who(&mut self, id: MemberId, cx: &mut Cx<Self>) {
        let members = Event::Members {
            room: self.kept.name.as_str().into(),
            seq: self.kept.ledger().seq(),
            members: self.names(),
        };
        self.tell(id, members.line(), cx);
    }

    fn names(&self) -> Vec<std::borrow::Cow<'_, str>> {
        let names = self.members.iter();
        names.map(|member| member.name.as_str().into()).collect()
    }

    /// A line for one member, which is no message.
    fn tell(&mut self, id: MemberId, line: Line, cx: &mut Cx<Self>) {
        let member = self.members.iter().find(|member| member.id == id);
        if let Some(Err(why)) = member.map(|member| offer(&member.to, &line)) {
            self.part(id, why, cx);
        }
    }

    /// A line for all members, which is no message.
    fn announce(&mut self, line: Line, cx: &mut Cx<Self>) {
        let refused =
            |member: &Member<SessionRef>| Some((member.id, offer(&member.to, &line).err()?));
        let refused: Vec<_> = self.members.iter().filter_map(refused).collect();
        for (id, why) in refused {
            self.part(id, why, cx);
        }
    }

    /// Somebody is no member any more. Nothing happens if it was none.
    fn part(&mut self, id: MemberId, why: Why, cx: &mut Cx<Self>) {
        let removed = self.kept.ledger().remove(id);
        if let Some((member, membership)) = removed {
            self.kept.cut_off(&member, membership, why);
            self.members.retain(|member| member.id != id);
            self.has_parted(&member, cx);
        }
    }

    /// What follows when a member is in the ledger no more. It ends, since each round has a member less.
    fn has_parted(&mut self, member: &Member<SessionRef>, cx: &mut Cx<Self>) {
        let process = member.to.watch().id();
        if let Some((_, monitor)) = self.watched.remove(&process) {
            cx.demonitor(&member.to, monitor);
        }
        if self.members.is_empty() {
            cx.stop(Exit::Normal);
            return;
        }
        let left = Event::Left {
            room: self.kept.name.as_str().into(),
            name: member.name.as_str().into(),
        };
        self.announce(left.line(), cx);
    }
}

fn watch(
    watched: &mut HashMap<ProcessId, (MemberId, MonitorId)>,
    id: MemberId,
    session: &SessionRef,
    cx: &Cx<Room>,
) {
    let monitor = cx.monitor(session);
    watched.insert(session.watch().id(), (id, monitor));
}

/// Puts a line into a session's mailbox, or says why it cannot be.
fn offer(session: &SessionRef, line: &Line) -> Result<(), Why> {
    match session.try_tell(SessionMsg::Line(line.clone())) {
        Ok(()) => Ok(()),
        Err(TryTellError::Full(_)) => Err(Why::TooSlow),
        Err(TryTellError::Closed(_)) => Err(Why::Gone),
    }
}
