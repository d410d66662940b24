//! What a room must not forget when it fails: its members, its count of messages, and the message that it is about.
//!
//! ```text
//!            begin                settle, for each member           finish
//!  at rest ─────────▶ about a message ───────────────▶ … ─────────────────▶ at rest
//!                        │ the incarnation ends, and the next one asks
//!                        └──────────────── recover ──────────────────────▶ at rest; the message is lost for the rest
//! ```
//!
//! An incarnation that failed cannot be trusted with what it had: it may have failed in the midst of changing it. So the
//! ledger lies outside of it, each change is one step that is whole or not made, and what the next incarnation finds is
//! true: who has been given the message that was under way, and who has not. The message itself is not tried again, as it may
//! be what the room failed on.
//!
//! Invariants:
//!
//! 1. The members are in the order in which they came, and are given each message in this order.
//! 2. A member is due the messages after `since` up to the one at which it is removed.
//! 3. Of a message under way, the first `settled` of those it was due to were given it or were removed for it.

use crate::protocol::Name;

/// A room's memory. `M` is how a member is reached.
#[derive(Debug)]
pub(crate) struct Ledger<M> {
    members: Vec<Member<M>>,
    seq: u64,
    under_way: Option<UnderWay>,
}

#[derive(Clone, Debug)]
pub(crate) struct Member<M> {
    pub(crate) id: MemberId,
    pub(crate) name: Name,
    pub(crate) to: M,
    /// It is due what comes after.
    since: u64,
}

/// A member of any room: its connection's number.
pub(crate) type MemberId = u64;

/// A message that is being given to the members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UnderWay {
    pub(crate) seq: u64,
    pub(crate) from: MemberId,
    pub(crate) id: Option<u64>,
    pub(crate) due: usize,
    pub(crate) settled: usize,
}

/// Who was to get which messages: those after `since`, up to `until`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Membership {
    pub(crate) id: MemberId,
    pub(crate) since: u64,
    pub(crate) until: u64,
}

/// A message that not all will get, as the room failed on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Abandoned {
    pub(crate) message: UnderWay,
    pub(crate) unreached: Vec<MemberId>,
}

impl<M: Clone> Ledger<M> {
    pub(crate) fn new() -> Self {
        Self {
            members: Vec::new(),
            seq: 0,
            under_way: None,
        }
    }

    pub(crate) fn seq(&self) -> u64 {
        self.seq
    }

    pub(crate) fn members(&self) -> &[Member<M>] {
        &self.members
    }

    /// Adds a member, who is due what is said from now on.
    pub(crate) fn add(&mut self, id: MemberId, name: Name, to: M) {
        let since = self.seq;
        self.members.push(Member {
            id,
            name,
            to,
            since,
        });
    }

    /// Removes a member, between two messages.
    pub(crate) fn remove(&mut self, id: MemberId) -> Option<(Member<M>, Membership)> {
        let at = self.members.iter().position(|member| member.id == id)?;
        let member = self.members.remove(at);
        let membership = Membership {
            id,
            since: member.since,
            until: self.seq,
        };
        Some((member, membership))
    }

    /// Removes a member that does not take the message under way, to which it was due.
    pub(crate) fn refuse(&mut self, id: MemberId) -> Option<(Member<M>, Membership)> {
        let removed = self.remove(id)?;
        self.settle();
        Some(removed)
    }

    /// Takes a message: from here on it is said.
    pub(crate) fn begin(&mut self, from: MemberId, id: Option<u64>) -> u64 {
        self.seq += 1;
        self.under_way = Some(UnderWay {
            seq: self.seq,
            from,
            id,
            due: self.members.len(),
            settled: 0,
        });
        self.seq
    }

    /// One more member has been given the message.
    pub(crate) fn settle(&mut self) {
        if let Some(message) = &mut self.under_way {
            message.settled += 1;
        }
    }

    pub(crate) fn finish(&mut self) {
        self.under_way = None;
    }

    /// What the incarnation before was about when it ended.
    pub(crate) fn recover(&mut self) -> Option<Abandoned> {
        let message = self.under_way.take()?;
        let unreached = message.due - message.settled;
        let reached = self.members.len() - unreached;
        let unreached = self.members[reached..].iter().map(|member| member.id);
        Some(Abandoned {
            unreached: unreached.collect(),
            message,
        })
    }
}

#[cfg(test)]
mod tests;
