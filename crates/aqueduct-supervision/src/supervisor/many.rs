//! Many starts, asked for before the first was answered.
//!
//! Who asks for one after the other has the supervisor and itself woken for each, on two cores by each other. Answers come
//! in the order of the questions, so here the newest of some is waited for first: that is one wake for all of them.

use super::SupervisorRef;
use super::call::Answer;
use crate::child::{ChildRef, ChildSpec};
use crate::error::StartChildError;

/// How many are asked for and not waited for yet. Half of them are answered while the others are asked for.
const ASKED_MAX: usize = 64;

/// What became of a start, with what its caller has beside it.
type Started<H> = Result<(ChildRef, H), StartChildError>;

pub(super) struct Starts<'a, H> {
    supervisor: &'a SupervisorRef,
    asked: Vec<Asked<H>>,
    started: Vec<Started<H>>,
}

struct Asked<H> {
    /// None if the supervisor does not run.
    answer: Option<Answer<Result<ChildRef, StartChildError>>>,
    beside: H,
}

impl<'a, H> Starts<'a, H> {
    pub(super) fn new(supervisor: &'a SupervisorRef) -> Self {
        Self {
            supervisor,
            asked: Vec::with_capacity(ASKED_MAX),
            started: Vec::new(),
        }
    }

    pub(super) async fn ask(&mut self, spec: ChildSpec, beside: H) {
        if self.asked.len() == ASKED_MAX {
            self.answers(ASKED_MAX / 2).await;
        }
        let answer = self.supervisor.ask_start(spec).await;
        if answer.is_none() {
            // Nobody is waited for then, and others are to run.
            tokio::task::coop::consume_budget().await;
        }
        self.asked.push(Asked { answer, beside });
    }

    /// What became of each, in order.
    pub(super) async fn finish(mut self) -> Vec<Started<H>> {
        self.answers(self.asked.len()).await;
        self.started
    }

    async fn answers(&mut self, count: usize) {
        let mut oldest = self.asked.drain(..count);
        let Some(newest) = oldest.next_back() else {
            return;
        };
        let newest = newest.started().await;
        for asked in oldest {
            self.started.push(asked.started().await);
        }
        self.started.push(newest);
    }
}

impl<H> Asked<H> {
    async fn started(self) -> Started<H> {
        let answer = match self.answer {
            Some(answer) => answer.await.ok(),
            None => None,
        };
        let child = answer.unwrap_or(Err(StartChildError::NotRunning))?;
        Ok((child, self.beside))
    }
}
