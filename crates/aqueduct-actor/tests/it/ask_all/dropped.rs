//! The stream of results, and what it is asked for, dropped at every poll, with members that answer, die, or never answer.

use std::sync::{Arc, Mutex};

use aqueduct_actor::{Actor, ActorRef, AskError, Cx, Mailbox, Reply, actor, ask_all};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, yield_now};

use crate::drops::polled;
use crate::support::{Census, Citizen};

/// What a member does with what it is asked.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Does {
    Answers,
    /// When it may.
    AnswersLate,
    Dies,
    Keeps,
    /// Never comes to it, and is killed.
    IsKilled,
}

const TROUPE: [Does; 6] = [
    Does::Keeps,
    Does::AnswersLate,
    Does::Answers,
    Does::Dies,
    Does::IsKilled,
    Does::Answers,
];

/// An answer, and the asker's message, are counted as members are.
type Answer = (usize, Citizen);

enum Msg {
    Ask(usize, Reply<Answer>, Citizen),
    Wait,
}

type Kept = Arc<Mutex<Vec<Reply<Answer>>>>;

struct Member {
    does: Does,
    gate: Arc<Semaphore>,
    kept: Kept,
    census: Census,
    _citizen: Citizen,
}

impl Actor for Member {
    type Msg = Msg;

    async fn handle(&mut self, message: Msg, _: &mut Cx<Self>) {
        let Msg::Ask(n, reply, _load) = message else {
            return self.gate.acquire().await.unwrap().forget();
        };
        match self.does {
            Does::Answers | Does::AnswersLate => reply.send((n, self.census.one())),
            Does::Dies => panic!("the member was told to panic"),
            Does::Keeps => self.kept.lock().unwrap().push(reply),
            Does::IsKilled => unreachable!("it waits"),
        }
    }
}

struct Troupe {
    census: Census,
    kept: Kept,
    members: Vec<ActorRef<Member>>,
    /// Lets the late one answer, and kills.
    fate: JoinHandle<()>,
}

impl Troupe {
    /// `patience` is how often its fate yields to others.
    async fn new(patience: usize) -> Self {
        let (census, kept) = (Census::default(), Kept::default());
        let (gate, never) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let member = |does| {
            let member = Member {
                does,
                gate: match does {
                    Does::IsKilled => never.clone(),
                    _ => gate.clone(),
                },
                kept: kept.clone(),
                census: census.clone(),
                _citizen: census.one(),
            };
            let mailbox = Mailbox::bounded(1);
            actor(member).with_mailbox(mailbox).spawn()
        };
        let members = Vec::from_iter(TROUPE.map(member));
        for (member, does) in members.iter().zip(TROUPE) {
            if matches!(does, Does::AnswersLate | Does::IsKilled) {
                member.tell(Msg::Wait).await.unwrap();
            }
        }
        yield_now().await;
        let killed = members[4].clone();
        let fate = tokio::spawn(async move {
            for _ in 0..patience {
                yield_now().await;
            }
            gate.add_permits(1);
            killed.kill();
        });
        Self {
            census,
            kept,
            members,
            fate,
        }
    }

    fn asks(&self) -> impl Iterator<Item = aqueduct_actor::Ask<'_, Member, Answer>> {
        let asks = self.members.iter().enumerate();
        asks.map(|(n, member)| {
            let load = self.census.one();
            member.ask(move |reply| Msg::Ask(n, reply, load))
        })
    }

    /// Each at most once, as its member does.
    fn check(
        results: Vec<(
            usize,
            Result<Answer, AskError<Msg, std::convert::Infallible>>,
        )>,
    ) {
        let mut seen = [false; TROUPE.len()];
        for (at, result) in results {
            assert!(!std::mem::replace(&mut seen[at], true), "{at} twice");
            let is_right = match (TROUPE[at], &result) {
                (Does::Answers | Does::AnswersLate, Ok((n, _))) => *n == at,
                (Does::Dies | Does::Keeps, Err(AskError::Unknown)) => true,
                (Does::IsKilled, Err(error)) => error.is_unsent(),
                _ => false,
            };
            assert!(is_right, "{at}: {result:?}");
        }
    }

    /// All are gone, and nothing is kept of what was asked or answered.
    async fn end(self, case: &str) {
        self.fate.await.unwrap();
        let kept = std::mem::take(&mut *self.kept.lock().unwrap());
        assert!(kept.iter().all(Reply::is_closed), "{case}");
        for member in &self.members {
            member.stop();
            member.ended().await;
        }
        assert_eq!(self.census.alive(), 0, "{case}");
    }
}

#[tokio::test]
async fn a_stream_leaves_nothing_behind_wherever_it_is_dropped() {
    for times in 0..30 {
        for at_most in [1, 2, 9] {
            for patience in [2, 12] {
                let case = format!("{times} {at_most} {patience}");
                let troupe = Troupe::new(patience).await;
                let mut each = ask_all(troupe.asks()).at_most(at_most).as_they_come();
                let mut results = Vec::new();
                let gather = async {
                    while let Some(result) = each.next().await {
                        results.push(result);
                    }
                };
                // One never answers.
                assert!(polled(gather, times).await.is_none(), "{case}");
                drop(each);
                Troupe::check(results);
                troupe.end(&case).await;
            }
        }
    }
}

#[tokio::test]
async fn a_result_that_is_waited_for_is_not_lost_wherever_the_wait_is_dropped() {
    for times in 1..4 {
        for at_most in [1, 2, 9] {
            for patience in [0, 2, 12] {
                let case = format!("{times} {at_most} {patience}");
                let troupe = Troupe::new(patience).await;
                let mut each = ask_all(troupe.asks()).at_most(at_most).as_they_come();
                let mut results = Vec::new();
                for waits in 0.. {
                    assert!(waits < 1000, "{case}: {results:?}");
                    match polled(each.next(), times).await {
                        Some(Some(result)) => results.push(result),
                        Some(None) => break,
                        None if waits > 100 => troupe.kept.lock().unwrap().clear(),
                        None => {}
                    }
                }
                assert_eq!(results.len(), TROUPE.len(), "{case}");
                drop(each);
                Troupe::check(results);
                troupe.end(&case).await;
            }
        }
    }
}

/// What had come when it was dropped, and what comes after that, is nobody's.
#[tokio::test]
async fn answers_that_nobody_takes_are_dropped() {
    let troupe = Troupe::new(3).await;
    let mut each = ask_all(troupe.asks()).as_they_come();
    assert!(polled(each.next(), 1).await.is_none());
    for _ in 0..20 {
        yield_now().await;
    }
    // Four members, three answers, and the message that came back.
    assert_eq!(troupe.census.alive(), 8);
    drop(each);
    troupe.end("answered").await;
}
