//! Two tasks and two channels of capacity 1: one asks, the other answers.

use std::time::{Duration, Instant};

use crate::channel::{Channel, Ends, Received, Receiver, Sender};
use crate::entrants::{self, Entrants};
use crate::harness::runtime::{Rt, Task, task};
use crate::harness::{Bench, Effort, Entrant};

pub(crate) fn benches() -> Vec<Bench> {
    Rt::BOTH.map(pingpong).into()
}

fn pingpong(rt: Rt) -> Bench {
    let about = "a round trip between two tasks over two channels of capacity 1";
    let mut contest = Pingpong {
        bench: Bench::per_op(format!("pingpong_{rt}"), about),
        rt,
    };
    entrants::spsc(&mut contest);
    contest.bench
}

struct Pingpong {
    bench: Bench,
    rt: Rt,
}

impl Entrants<usize> for Pingpong {
    fn enter<C: Channel<usize>>(&mut self, who: Entrant) {
        let rt = self.rt;
        let round = move |effort: &Effort| {
            let trips = effort.operations(4);
            let (questions, asked) = pair::<C>();
            let (answers, answered) = pair::<C>();
            let asking = task(ask(questions, answered, trips));
            let elapsed = rt.run(task(play(asking, task(answer(asked, answers)))));
            vec![elapsed.as_nanos() as f64 / trips as f64]
        };
        self.bench.case(who, Box::new(round));
    }
}

/// Lets `asking`, which times itself, play with `answering`.
async fn play(asking: Task<Duration>, answering: Task<()>) -> Duration {
    let answering = tokio::spawn(answering);
    let elapsed = asking.await;
    answering.await.expect("who answers does not panic");
    elapsed
}

async fn ask<S, R>(mut questions: S, mut answers: R, trips: usize) -> Duration
where
    S: Sender<usize>,
    R: Receiver<usize>,
{
    let start = Instant::now();
    for trip in 0..trips {
        assert!(questions.send(trip).await.is_ok(), "the other task listens");
        assert_eq!(
            answers.recv().await.received(),
            Some(trip),
            "the answer to this question"
        );
    }
    start.elapsed()
}

async fn answer<S: Sender<usize>, R: Receiver<usize>>(mut questions: R, mut answers: S) {
    while let Some(number) = questions.recv().await.received() {
        assert!(
            answers.send(number).await.is_ok(),
            "who asks waits for the answer"
        );
    }
}

fn pair<C: Channel<usize>>() -> (C::Tx, C::Rx) {
    let (mut senders, mut receivers) = C::open(Ends::pair(1));
    let sender = senders.pop().expect("one sender was asked for");
    (sender, receivers.pop().expect("one receiver was asked for"))
}
