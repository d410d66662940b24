//! Who is called what, and where each room is: an actor that starts rooms when somebody asks for them.
//!
//! One at a time, so that two who ask for a new room at the same moment are in the same one. It can fail like all else, so what it
//! must not forget is outside of its incarnations, as with [rooms](crate::room).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aqueduct_actor::{Actor, ActorRef, Cx, Mailbox, Reply, Signal, actor_with};
use aqueduct_supervision::watch::Linkable;
use aqueduct_supervision::{ChildSpec, DynamicSupervisorRef, Failure, ProcessId};

use crate::protocol::{Limits, Name, Refusal};
use crate::room::{Room, RoomRef};
use crate::session::SessionRef;

/// The actor.
#[derive(Debug)]
pub(crate) struct Directory {
    kept: Arc<Kept>,
    /// Whose end frees a name.
    watched: HashMap<ProcessId, Name>,
}

#[derive(Debug)]
struct Kept {
    limits: Limits,
    starter: DynamicSupervisorRef<Name, RoomRef>,
    lists: Mutex<Lists>,
}

#[derive(Debug, Default)]
struct Lists {
    users: HashMap<Name, SessionRef>,
    /// Some of them may have ended.
    rooms: HashMap<Name, RoomRef>,
}

#[derive(Debug)]
pub(crate) enum DirectoryMsg {
    Hello {
        name: Name,
        session: SessionRef,
        reply: Reply<(), Refusal>,
    },
    /// The room of a name, which is started if there is none.
    Room {
        name: Name,
        reply: Reply<RoomRef, Refusal>,
    },
    Rooms(Reply<Vec<Name>>),
    /// References to all rooms.
    RoomRefs(Reply<Vec<RoomRef>>),
}

pub(crate) type DirectoryRef = ActorRef<Directory>;

/// Many connect at the same time, and wait for it.
const MAILBOX: usize = 1024;

pub(crate) fn directory(
    limits: Limits,
    starter: DynamicSupervisorRef<Name, RoomRef>,
) -> (ChildSpec, DirectoryRef) {
    let kept = Arc::new(Kept {
        limits,
        starter,
        lists: Mutex::default(),
    });
    let make = move || Directory {
        kept: kept.clone(),
        watched: HashMap::new(),
    };
    actor_with(make)
        .with_mailbox(Mailbox::bounded(MAILBOX))
        .child("directory")
}

impl Kept {
    fn lists(&self) -> MutexGuard<'_, Lists> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Actor for Directory {
    type Msg = DirectoryMsg;

    async fn start(&mut self, cx: &mut Cx<Self>) -> Result<(), Failure> {
        for (name, session) in &self.kept.lists().users {
            self.watched.insert(session.watch().id(), name.clone());
            cx.monitor(session);
        }
        Ok(())
    }

    async fn handle(&mut self, message: DirectoryMsg, cx: &mut Cx<Self>) {
        match message {
            DirectoryMsg::Hello {
                name,
                session,
                reply,
            } => reply.send_result(self.hello(name, session, cx)),
            DirectoryMsg::Room { name, reply } => reply.send_result(self.room(name).await),
            DirectoryMsg::Rooms(reply) => {
                let rooms = self.alive().into_iter();
                let mut names: Vec<_> = rooms.map(|(name, _)| name).collect();
                names.sort();
                reply.send(names);
            }
            DirectoryMsg::RoomRefs(reply) => {
                reply.send(self.alive().into_iter().map(|(_, room)| room).collect());
            }
        }
    }

    async fn signal(&mut self, signal: Signal, _: &mut Cx<Self>) {
        let Signal::Down(down) = signal else { return };
        if let Some(name) = self.watched.remove(&down.id) {
            let mut lists = self.kept.lists();
            // Somebody else may be called so by now.
            let free = lists.users.get(&name).is_some_and(|user| !user.is_alive());
            let freed = free.then(|| lists.users.remove(&name));
            drop(lists);
            drop(freed);
        }
    }
}

impl Directory {
    fn hello(&mut self, name: Name, session: SessionRef, cx: &Cx<Self>) -> Result<(), Refusal> {
        let before = {
            let mut lists = self.kept.lists();
            // Its end may not have come here yet.
            if lists.users.get(&name).is_some_and(|user| user.is_alive()) {
                return Err(Refusal::NameTaken(name));
            }
            lists.users.insert(name.clone(), session.clone())
        };
        drop(before);
        self.watched.insert(session.watch().id(), name);
        cx.monitor(&session);
        Ok(())
    }

    async fn room(&mut self, name: Name) -> Result<ActorRef<Room>, Refusal> {
        let known = self.kept.lists().rooms.get(&name).cloned();
        if let Some(room) = known.filter(|room| room.is_alive()) {
            return Ok(room);
        }
        let max = self.kept.limits.rooms_max;
        if self.alive().len() >= max {
            return Err(Refusal::TooManyRooms { max });
        }
        let started = self.kept.starter.start_child(name.clone()).await;
        let Ok((_, room)) = started else {
            return Err(Refusal::Stopping);
        };
        let before = self.kept.lists().rooms.insert(name, room.clone());
        drop(before);
        Ok(room)
    }

    /// Rooms that have not ended. The others are forgotten.
    fn alive(&self) -> Vec<(Name, RoomRef)> {
        let mut lists = self.kept.lists();
        let ended: Vec<_> = lists.rooms.extract_if(|_, room| !room.is_alive()).collect();
        let rooms = lists.rooms.iter();
        let alive = rooms.map(|(name, room)| (name.clone(), room.clone()));
        let alive = alive.collect();
        drop(lists);
        drop(ended);
        alive
    }
}
