//! What became of each message: what clients say, against the journal.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::member::Tally;
use crate::books::{Books, Entry, Why};
use crate::ledger::Membership;

/// The account of a run. Its columns add up, or there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Account {
    pub(in super::super) said: u64,
    /// Said, and came back to the sender.
    pub(in super::super) came_back: u64,
    /// Said, and the room failed on it before it came back; the sender was told.
    pub(in super::super) lost: u64,
    /// Said, and refused, by code.
    pub(in super::super) refused: BTreeMap<String, u64>,
    pub(in super::super) accepted: u64,
    pub(in super::super) due: u64,
    pub(in super::super) received: u64,
    /// Due, and the room failed on the message before it came to this member.
    pub(in super::super) abandoned: u64,
    /// Messages that a room failed on.
    pub(in super::super) failed_on: u64,
    /// Due to somebody who was cut off before it had read it.
    pub(in super::super) cut: u64,
    pub(in super::super) members_cut: u64,
}

impl Account {
    /// Compares each client's numbers with the journal's; says of the first that differs how it does.
    pub(super) fn draw(
        said: u64,
        tallies: &[Tally],
        journal: &[Entry],
        books: &Books,
    ) -> Result<Self, String> {
        let journal = Journal::of(journal)?;
        let mut account = Self {
            said,
            accepted: books.accepted.value(),
            failed_on: journal.failed_on,
            ..Self::default()
        };
        for tally in tallies {
            account.add(tally, &journal)?;
        }
        account.add_up(books)?;
        Ok(account)
    }

    fn add(&mut self, tally: &Tally, journal: &Journal) -> Result<(), String> {
        let name = &tally.name;
        let Some((membership, why)) = journal.members.get(name) else {
            return Err(format!("{name} is not in the journal"));
        };
        if membership.since != tally.since {
            return Err(format!("{name} joined at {}: {membership:?}", tally.since));
        }
        let none = HashSet::new();
        let abandoned = journal.abandoned.get(name).unwrap_or(&none);
        let was_cut = *why != Why::Left;
        if was_cut == tally.until.is_some() {
            return Err(format!(
                "{name} left by {why:?}, and read up to {:?}",
                tally.until
            ));
        }
        // What it has read without a gap, or was told to be the last.
        let read_to = tally.until.unwrap_or(tally.last);
        if read_to > membership.until || (!was_cut && read_to < membership.until) {
            return Err(format!("{name} has {read_to} for the last: {membership:?}"));
        }
        let missing: HashSet<u64> = tally.missing.iter().copied().collect();
        let explained: HashSet<u64> = abandoned
            .iter()
            .copied()
            .filter(|seq| *seq <= read_to)
            .collect();
        if let Some(seq) = missing.difference(&explained).next() {
            return Err(format!(
                "{name} has not got {seq} of {}, and nothing says why",
                tally.room
            ));
        }
        if let Some(seq) = explained.difference(&missing).next() {
            return Err(format!(
                "{name} has got {seq} of {}, which is said to be lost",
                tally.room
            ));
        }
        let due = membership.until - membership.since;
        self.due += due;
        self.received += tally.received;
        self.abandoned += abandoned.len() as u64;
        self.cut += due - tally.received - abandoned.len() as u64;
        self.members_cut += u64::from(was_cut);
        self.came_back += tally.came_back;
        self.lost += tally.lost;
        for (code, count) in &tally.refused {
            *self.refused.entry(code.clone()).or_default() += count;
        }
        Ok(())
    }

    /// Every sum must be what the server's counters say, which were counted elsewhere.
    fn add_up(&self, books: &Books) -> Result<(), String> {
        let refused: u64 = self.refused.values().sum();
        for (what, found, wanted) in [
            ("said", self.came_back + self.lost + refused, self.said),
            ("accepted", self.came_back + self.lost, self.accepted),
            (
                "accepted from somebody who was cut off",
                books.strays.value(),
                0,
            ),
            ("due", self.due, books.due.value()),
            ("lost by failures", self.abandoned, books.abandoned.value()),
            (
                "deliveries",
                self.received + self.abandoned + self.cut,
                self.due,
            ),
        ] {
            if found != wanted {
                return Err(format!("{what}: {found}, not {wanted}, in {self:?}"));
            }
        }
        let unread = books.too_slow.value() + books.gone.value();
        if self.cut < unread {
            return Err(format!("{unread} were refused, in {self:?}"));
        }
        Ok(())
    }
}

/// The journal, by member. Each is in one room.
struct Journal {
    members: HashMap<String, (Membership, Why)>,
    abandoned: HashMap<String, HashSet<u64>>,
    failed_on: u64,
}

impl Journal {
    fn of(entries: &[Entry]) -> Result<Self, String> {
        let mut journal = Self {
            members: HashMap::new(),
            abandoned: HashMap::new(),
            failed_on: 0,
        };
        let mut names = HashMap::new();
        for entry in entries {
            if let Entry::Parted {
                name,
                membership,
                why,
                ..
            } = entry
            {
                names.insert(membership.id, name.to_string());
                let parted = (membership.clone(), *why);
                if journal.members.insert(name.to_string(), parted).is_some() {
                    return Err(format!("{name} parted twice"));
                }
            }
        }
        for entry in entries {
            if let Entry::Abandoned { lost, .. } = entry {
                journal.failed_on += 1;
                for id in &lost.unreached {
                    let Some(name) = names.get(id) else {
                        return Err(format!("{id} never parted: {lost:?}"));
                    };
                    let of_member = journal.abandoned.entry(name.clone()).or_default();
                    of_member.insert(lost.message.seq);
                }
            }
        }
        Ok(journal)
    }
}

#[cfg(test)]
mod tests;
