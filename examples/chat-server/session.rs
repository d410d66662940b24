//! A connection's way out: an actor whose mailbox holds the lines that its client has not been sent yet.
//!
//! Who has a line for a client tells it and goes on. That nobody waits for a client who does not read is due to two things:
//! the mailbox is bounded, and rooms use `try_tell`. A mailbox that is full means a client that is so many lines behind, and
//! who finds it full ends the session, by `kill`: control does not wait in the mailbox, and a session that waits for the
//! network, as this one does, is dropped there.
//!
//! ```text
//!  rooms ──try_tell──▶ [ line line line … ] ──▶ gathered ──flush, when nothing more is in the mailbox──▶ network
//!               full │
//!                    └──▶ kill: the connection is closed as it is
//! ```
//!
//! # When to flush
//!
//! A write for each line costs more than all else. So with the first line that is gathered the session tells itself to flush:
//! behind all that is in the mailbox at that moment, and no later.

use std::time::Duration;

use aqueduct_actor::{Actor, ActorRef, Cx, Mailbox, actor_with};
use aqueduct_supervision::{DynamicSpec, Exit, Shutdown, Supervisor};

use crate::http::Socket;
use crate::ledger::MemberId;
use crate::protocol::Line;
use crate::wire::Writer;

/// The actor.
#[derive(Debug)]
pub(crate) struct Session {
    writer: Writer<Socket>,
    /// The order to flush is in the mailbox.
    is_flush_due: bool,
}

#[derive(Debug)]
pub(crate) enum SessionMsg {
    Line(Line),
    Flush,
}

/// What a session is made of.
#[derive(Debug)]
pub(crate) struct SessionArgs {
    pub(crate) id: MemberId,
    pub(crate) writer: Writer<Socket>,
}

pub(crate) type SessionRef = ActorRef<Session>;

/// How long what was gathered may take to be written at the end.
const STOP_WITHIN: Duration = Duration::from_secs(5);

/// The supervisor of all sessions. A session is never started again: its connection went with it.
pub(crate) fn sessions(outbox_lines: usize) -> DynamicSpec<SessionArgs, SessionRef> {
    Supervisor::dynamic(move |args: SessionArgs| {
        let mut writer = Some(args.writer);
        let make = move || Session {
            writer: writer.take().expect("temporary: it is made once"),
            is_flush_due: false,
        };
        let (spec, session) = actor_with(make)
            .with_mailbox(Mailbox::bounded(outbox_lines))
            .child(format!("session-{}", args.id));
        let spec = spec
            .temporary()
            .with_shutdown(Shutdown::Within(STOP_WITHIN));
        (spec, session)
    })
}

impl Actor for Session {
    type Msg = SessionMsg;

    async fn handle(&mut self, message: SessionMsg, cx: &mut Cx<Self>) {
        let done = match message {
            SessionMsg::Line(line) => self.write(&line, cx).await,
            SessionMsg::Flush => {
                self.is_flush_due = false;
                self.writer.flush().await
            }
        };
        if done.is_err() {
            cx.stop(Exit::shutdown("the client has gone"));
        }
    }

    async fn stop(&mut self, _: &Exit, _: &mut Cx<Self>) {
        // To a client that has gone nothing can be said.
        let _ = self.writer.close().await;
    }
}

impl Session {
    async fn write(&mut self, line: &Line, cx: &mut Cx<Self>) -> std::io::Result<()> {
        self.writer.write(line).await?;
        if !self.is_flush_due {
            // Full, there is more to come before the flush would; closed, nobody else will tell it.
            self.is_flush_due = cx.me().try_tell(SessionMsg::Flush).is_ok();
            if !self.is_flush_due {
                return self.writer.flush().await;
            }
        }
        Ok(())
    }
}
