//! A client that talks, reads, and keeps count.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::Common;
use crate::protocol::Request;
use crate::self_test::client::{Buffer, Client, Told, Via};

#[derive(Debug)]
pub(super) struct Member {
    pub(super) number: usize,
    pub(super) via: Via,
    pub(super) room: String,
    /// Whether it reads what comes. If not it says nothing either.
    pub(super) reads: bool,
}

/// What it knows at the end.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) name: String,
    pub(super) room: String,
    /// The number of the room's last message when it joined.
    pub(super) since: u64,
    /// Of the last message that it has got.
    pub(super) last: u64,
    pub(super) received: u64,
    /// Numbers before `last` that it has not got.
    pub(super) missing: Vec<u64>,
    /// The number of the room's last message, if the room has told it at the end: else it was cut off.
    pub(super) until: Option<u64>,
    pub(super) said: u64,
    /// Of what it said: came back.
    pub(super) came_back: u64,
    /// Of what it said: the room failed on it, and it did not come back.
    pub(super) lost: u64,
    /// Of what it said: refused, by code.
    pub(super) refused: HashMap<String, u64>,
    /// What others said last, by their own count.
    pub(super) heard: HashMap<String, u64>,
    /// What it said and has no answer to.
    pub(super) unanswered: Vec<u64>,
}

/// So many messages it has unanswered at most. With ten members of a room that are 80 lines, and the server's patience is
/// of 1,024.
const AT_ONCE: usize = 8;

impl Member {
    pub(super) async fn run(self, common: Arc<Common>) -> Result<Tally, String> {
        let mut client = self.connect(&common).await?;
        let mut tally = Tally {
            name: client.name.clone(),
            room: self.room.clone(),
            ..Tally::default()
        };
        let turn = common.connecting.acquire().await;
        tally.since = client.join(&self.room).await?;
        tally.last = tally.since;
        drop(turn);
        if common.joining.fetch_sub(1, Relaxed) == 1 {
            common.all_joined.cancel_because("all have joined");
        }
        if self.reads {
            while !common.all_joined.is_cancelled() {
                tokio::select! {
                    _ = common.all_joined.cancelled() => {}
                    line = client.line() => tally.take(line?)?,
                }
            }
            tally.talk(&mut client, &common).await?;
        }
        common.talking.fetch_sub(1, Relaxed);
        while !common.quiet.is_cancelled() {
            tokio::select! {
                _ = common.quiet.cancelled() => {}
                line = client.line(), if self.reads => tally.take(line?)?,
            }
        }
        tally.finish(client).await
    }

    async fn connect(&self, common: &Common) -> Result<Client, String> {
        let _turn = common.connecting.acquire().await;
        let name = format!("u{}", self.number);
        let buffer = match self.reads {
            true => Buffer::AsUsual,
            false => Buffer::Small,
        };
        let mut client = Client::open(common.to, self.via, &name, buffer).await?;
        client.hello().await?;
        Ok(client)
    }
}

impl Tally {
    /// Says messages, and reads, until there are no more to say and each is answered.
    async fn talk(&mut self, client: &mut Client, common: &Common) -> Result<(), String> {
        loop {
            while self.unanswered.len() < AT_ONCE && take_one(common) {
                self.said += 1;
                self.unanswered.push(self.said);
                let text = format!("{} of {}: the quick brown fox", self.said, self.name);
                client.say(&self.room, text, Some(self.said)).await?;
            }
            client.flush().await?;
            if self.unanswered.is_empty() {
                return Ok(());
            }
            let line = client.line().await?;
            self.take(line)?;
        }
    }

    fn take(&mut self, line: Option<String>) -> Result<(), String> {
        let line = line.ok_or_else(|| format!("{} was cut off, though it reads", self.name))?;
        let told = Told::of(&line)?;
        match told.event {
            "said" => self.hear(&told),
            "lost" => {
                // Some of those that the room reached may have been this one.
                self.lost += u64::from(self.answered(told.id));
                Ok(())
            }
            "error" => {
                if !self.answered(told.id) {
                    return Err(format!("{line} came to {}", self.name));
                }
                let code = told.code.unwrap_or_default().to_owned();
                *self.refused.entry(code).or_default() += 1;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Something was said in the room.
    fn hear(&mut self, told: &Told<'_>) -> Result<(), String> {
        let (Some(seq), Some(from), Some(id)) = (told.seq, told.from, told.id) else {
            return Err(format!("{told:?} lacks something"));
        };
        if told.room != Some(&self.room) || seq <= self.last {
            return Err(format!(
                "{told:?} came to {} behind {}",
                self.name, self.last
            ));
        }
        self.missing.extend(self.last + 1..seq);
        self.last = seq;
        self.received += 1;
        let heard = match self.heard.get_mut(from) {
            Some(heard) => heard,
            None => self.heard.entry(from.to_owned()).or_default(),
        };
        if id <= *heard {
            return Err(format!(
                "{from} said {id} behind {heard}, as {} heard it",
                self.name
            ));
        }
        *heard = id;
        if from == self.name {
            self.came_back += u64::from(self.answered(Some(id)));
        }
        Ok(())
    }

    fn answered(&mut self, id: Option<u64>) -> bool {
        let at = self
            .unanswered
            .iter()
            .position(|unanswered| Some(*unanswered) == id);
        at.map(|at| self.unanswered.swap_remove(at)).is_some()
    }

    /// Reads on to where the room is, and takes leave.
    async fn finish(mut self, mut client: Client) -> Result<Self, String> {
        let room = self.room.clone();
        // One that was cut off cannot ask, and has something to read perhaps.
        let _ = client.ask(&Request::Who { room }).await;
        while let Some(line) = client.line().await? {
            let told = Told::of(&line)?;
            if told.event == "members" {
                let seq = told.seq.unwrap_or_default();
                self.missing.extend(self.last + 1..=seq);
                self.until = Some(seq);
                client.bye().await?;
                break;
            }
            self.take(Some(line))?;
        }
        Ok(self)
    }
}

/// Takes one of the messages that are to be said.
fn take_one(common: &Common) -> bool {
    if common.is_over.load(Relaxed) {
        return false;
    }
    let one_less = |left: usize| left.checked_sub(1);
    let taken = common.left.fetch_update(Relaxed, Relaxed, one_less).is_ok();
    if taken {
        common.said.fetch_add(1, Relaxed);
    }
    taken
}
