//! A connection's way in: reads what its client asks for, and asks those whom it concerns.
//!
//! ```text
//!             ┌─ Hello ─▶ directory                                     ┌─▶ session ─▶ network
//!  network ──▶│  Join ──▶ directory, then its room ──┐ lines ───────────┤
//!             └─ Say ───▶ room ──────────────────────┘     of all its rooms, and of this one
//! ```
//!
//! It is a task and no actor, as nobody tells it anything: its inbox is the network. It waits for rooms, so that a client that
//! sends faster than a room handles is read more slowly, and costs no memory. It does not share the session's mailbox, or
//! what the client sends would count against what it is to read.
//!
//! # The end
//!
//! | who ends it | what happens |
//! |---|---|
//! | the client closes its side, or says `bye` | it leaves its rooms; what is in the mailbox is sent; closed |
//! | the session was cut off | the rooms notice it by themselves; the connection is dropped |
//! | the server stops | requests are refused; when the rooms are empty, a farewell behind all lines; closed |
//!
//! After a farewell it still reads for a moment: closing a connection with something unread makes the system send a reset,
//! which takes the last lines from the client.

use std::collections::HashMap;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use aqueduct_actor::AskError;
use aqueduct_cancel::CancelScope;
use aqueduct_supervision::DynamicSupervisorRef;
use tokio::time::{sleep, timeout};

use crate::books::Books;
use crate::directory::{DirectoryMsg, DirectoryRef};
use crate::http::Socket;
use crate::ledger::MemberId;
use crate::line::Incoming;
use crate::protocol::{Event, Limits, Line, Name, Refusal, Request, checked_text};
use crate::room::{RoomMsg, RoomRef};
use crate::session::{SessionArgs, SessionMsg, SessionRef};
use crate::wire::{Reader, Writer};

/// What all connections of a server use.
#[derive(Debug)]
pub(crate) struct Hub {
    pub(crate) limits: Limits,
    pub(crate) directory: DirectoryRef,
    pub(crate) sessions: DynamicSupervisorRef<SessionArgs, SessionRef>,
    pub(crate) books: Arc<Books>,
    /// Cancelled when nothing more is taken.
    pub(crate) stopping: CancelScope,
    /// Cancelled when all that was taken is in the sessions' mailboxes.
    pub(crate) farewell: CancelScope,
}

/// A client that has been let in.
#[derive(Debug)]
struct Connection {
    id: MemberId,
    hub: Arc<Hub>,
    session: SessionRef,
    name: Option<Name>,
    rooms: HashMap<Name, RoomRef>,
}

/// How long a client may be there without a name.
const HELLO_WITHIN: Duration = Duration::from_secs(30);

/// How long a client may leave the answers to its own requests unread.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long is read, and passed over, when all is said.
const LINGER: Duration = Duration::from_secs(1);

/// How often a room may end just when somebody is about to join it.
const JOINS_MAX: usize = 5;

/// What follows a request.
enum Next {
    Read,
    /// The client goes.
    Leave,
}

/// Serves a connection to its end.
pub(crate) async fn serve(
    id: MemberId,
    mut reader: Reader<Socket>,
    writer: Writer<Socket>,
    hub: Arc<Hub>,
) -> io::Result<()> {
    hub.books.connections.add(1);
    let args = SessionArgs { id, writer };
    let Ok((_, session)) = hub.sessions.start_child(args).await else {
        return Err(io::Error::other("the server takes no more connections"));
    };
    let mut unfinished = Unfinished {
        hub: hub.clone(),
        is_done: false,
    };
    let mut connection = Connection {
        id,
        hub,
        session,
        name: None,
        rooms: HashMap::new(),
    };
    let ended = connection.run(&mut reader).await;
    // In any case: nobody else would end it.
    connection.session.close();
    let session_ended = timeout(PATIENCE, connection.session.ended()).await;
    if session_ended.is_err() {
        connection.session.kill();
        return ended.map(drop);
    }
    unfinished.is_done = true;
    if matches!(ended, Ok(End::Farewell)) {
        let _ = timeout(LINGER, pass_over(&mut reader)).await;
    }
    ended.map(drop)
}

/// Counts a client that has not been sent all that was for it when the server stopped, also where its task is aborted.
struct Unfinished {
    hub: Arc<Hub>,
    is_done: bool,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.is_done && self.hub.stopping.is_cancelled() {
            self.hub.books.cut_at_stop.add(1);
        }
    }
}

/// Who ended it.
enum End {
    Client,
    Cut,
    Farewell,
}

async fn pass_over(reader: &mut Reader<Socket>) {
    while !matches!(reader.next().await, Ok(Incoming::End) | Err(_)) {}
}

impl Connection {
    async fn run(&mut self, reader: &mut Reader<Socket>) -> io::Result<End> {
        let session = self.session.clone();
        let farewell = self.hub.farewell.clone();
        let mut cut = pin!(session.ended());
        let mut farewell = pin!(farewell.cancelled());
        let mut nameless = pin!(sleep(HELLO_WITHIN));
        loop {
            let incoming = tokio::select! {
                biased;
                _ = &mut cut => return Ok(End::Cut),
                _ = &mut farewell => {
                    self.say_farewell("the server stops: connect again soon").await;
                    return Ok(End::Farewell);
                }
                () = &mut nameless, if self.name.is_none() => {
                    self.answer(Refusal::NoName.line(None)).await;
                    return Ok(End::Farewell);
                }
                incoming = reader.next() => incoming?,
            };
            let next = match incoming {
                Incoming::End => Next::Leave,
                Incoming::Line(line) => self.take(&line).await,
                Incoming::NotText => self.refuse(&Refusal::NotText, None).await,
                Incoming::TooLong => {
                    let bytes_max = self.hub.limits.line_bytes_max;
                    self.refuse(&Refusal::LineTooLong { bytes_max }, None).await;
                    if reader.survives_too_long() {
                        Next::Read
                    } else {
                        Next::Leave
                    }
                }
            };
            if matches!(next, Next::Leave) {
                self.leave_all().await;
                return Ok(End::Client);
            }
        }
    }

    async fn take(&mut self, line: &str) -> Next {
        if line.trim().is_empty() {
            return Next::Read;
        }
        let request = match Request::parse(line) {
            Ok(request) => request,
            Err(refusal) => return self.refuse(&refusal, None).await,
        };
        let id = match &request {
            Request::Say { id, .. } => *id,
            _ => None,
        };
        match self.request(request).await {
            Ok(next) => next,
            Err(refusal) => self.refuse(&refusal, id).await,
        }
    }

    async fn request(&mut self, request: Request) -> Result<Next, Refusal> {
        if let Request::Bye = request {
            self.leave_all().await;
            self.say_farewell("goodbye").await;
            return Ok(Next::Leave);
        }
        if self.hub.stopping.is_cancelled() {
            return Err(Refusal::Stopping);
        }
        if let Request::Hello { name } = request {
            self.hello(&name).await?;
            return Ok(Next::Read);
        }
        let Some(name) = self.name.clone() else {
            return Err(Refusal::NoName);
        };
        match request {
            Request::Join { room } => self.join(name, &room).await?,
            Request::Leave { room } => self.leave(&room).await?,
            Request::Say { room, text, id } => self.say(&room, text, id).await?,
            Request::Who { room } => {
                let (_, room) = self.room(&room)?;
                let who = RoomMsg::Who { id: self.id };
                room.tell(who).await.map_err(|_| self.ended(room))?;
            }
            Request::Rooms => {
                let names = self.hub.directory.ask(DirectoryMsg::Rooms).await;
                let names = names.map_err(|_| Refusal::Stopping)?;
                let rooms = names.iter().map(|name| name.as_str().into()).collect();
                self.answer(Event::Rooms { rooms }.line()).await;
            }
            Request::Hello { .. } | Request::Bye => {}
        }
        Ok(Next::Read)
    }

    async fn hello(&mut self, name: &str) -> Result<(), Refusal> {
        if self.name.is_some() {
            return Err(Refusal::NamedAlready);
        }
        let name = Name::new(name)?;
        let session = self.session.clone();
        let hello = self.hub.directory.ask(|reply| DirectoryMsg::Hello {
            name: name.clone(),
            session,
            reply,
        });
        hello.await.map_err(refusal)?;
        let welcome = Event::Welcome {
            name: name.as_str().into(),
            text_bytes_max: self.hub.limits.text_bytes_max,
            rooms_of_user_max: self.hub.limits.rooms_of_user_max,
        };
        self.answer(welcome.line()).await;
        self.name = Some(name);
        Ok(())
    }

    async fn join(&mut self, name: Name, room: &str) -> Result<(), Refusal> {
        let room = Name::new(room)?;
        // One that has ended has forgotten us.
        self.rooms.retain(|_, room| room.is_alive());
        if self.rooms.contains_key(&room) {
            return Err(Refusal::InAlready(room));
        }
        let max = self.hub.limits.rooms_of_user_max;
        if self.rooms.len() >= max {
            return Err(Refusal::TooManyRoomsOfUser { max });
        }
        for _ in 0..JOINS_MAX {
            let found = self.hub.directory.ask(|reply| DirectoryMsg::Room {
                name: room.clone(),
                reply,
            });
            let found = found.await.map_err(refusal)?;
            let join = found.ask(|reply| RoomMsg::Join {
                id: self.id,
                name: name.clone(),
                session: self.session.clone(),
                reply,
            });
            match join.await {
                Ok(()) => {
                    self.rooms.insert(room, found);
                    return Ok(());
                }
                // Its last member left just now. It has not run, so it is safe to ask the next one of that name, which is there
                // when this one has ended.
                Err(AskError::Unsent(_)) => {
                    let _ = timeout(PATIENCE, found.ended()).await;
                }
                Err(error) => return Err(refusal(error)),
            }
        }
        Err(Refusal::RoomEnded(room))
    }

    async fn say(&self, room: &str, text: String, id: Option<u64>) -> Result<(), Refusal> {
        let (_, room) = self.room(room)?;
        checked_text(&text, &self.hub.limits)?;
        let say = RoomMsg::Say {
            from: self.id,
            id,
            text,
        };
        room.tell(say).await.map_err(|_| self.ended(room))
    }

    async fn leave(&mut self, room: &str) -> Result<(), Refusal> {
        let name = Name::new(room)?;
        let Some(room) = self.rooms.remove(&name) else {
            return Err(Refusal::NotIn(name));
        };
        self.leave_room(&room).await;
        let left = Event::Left {
            room: name.as_str().into(),
            name: self.name.as_ref().map_or("", Name::as_str).into(),
        };
        self.answer(left.line()).await;
        Ok(())
    }

    async fn leave_all(&mut self) {
        for (_, room) in std::mem::take(&mut self.rooms) {
            self.leave_room(&room).await;
        }
    }

    /// Waited for: what was said before is then in the room's order, with its sender a member.
    async fn leave_room(&self, room: &RoomRef) {
        let leave = room.ask(|reply| RoomMsg::Leave { id: self.id, reply });
        // A room that has ended was left.
        let _ = leave.await;
    }

    fn room(&self, name: &str) -> Result<(&Name, &RoomRef), Refusal> {
        let name = Name::new(name)?;
        let found = self.rooms.get_key_value(&name);
        found.ok_or(Refusal::NotIn(name))
    }

    fn ended(&self, room: &RoomRef) -> Refusal {
        if self.hub.stopping.is_cancelled() {
            return Refusal::Stopping;
        }
        let name = self.rooms.iter().find(|(_, known)| *known == room);
        name.map_or(Refusal::Stopping, |(name, _)| {
            Refusal::RoomEnded(name.clone())
        })
    }

    async fn refuse(&self, refusal: &Refusal, id: Option<u64>) -> Next {
        self.answer(refusal.line(id)).await;
        Next::Read
    }

    async fn say_farewell(&self, text: &str) {
        let farewell = Event::Farewell { text: text.into() };
        self.answer(farewell.line()).await;
    }

    /// A line for this client alone. It waits for the client to read, for a time.
    async fn answer(&self, line: Line) {
        let line = SessionMsg::Line(line);
        if self.session.tell_within(line, PATIENCE).await.is_err() {
            self.session.kill();
        }
    }
}

fn refusal<M>(error: AskError<M, Refusal>) -> Refusal {
    match error {
        AskError::Handler(refusal) => refusal,
        // The directory and rooms end, or fail on this very request: the client may try again.
        _ => Refusal::Stopping,
    }
}
