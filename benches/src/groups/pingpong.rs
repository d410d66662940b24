//! Two tasks and two channels of capacity 1: one asks, the other answers.

use std::time::{Duration, Instant};

use crate::channel::{Channel, Ends, Received, Receiver, Sender};
use crate::entrants::{self, Entrants};
use crate::harness::runtime::Rt;
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
            vec![rt.run(play::<C>(trips)).as_nanos() as f64 / trips as f64]
        };
        self.bench.case(who, Box::new(round));
    }
}

async fn play<C: Channel<usize>>(trips: usize) -> Duration {
    let (mut questions, mut asked) = pair::<C>();
    let (mut answers, mut answered) = pair::<C>();

    let start = Instant::now();
    let echo = tokio::spawn(async move {
        while let Some(number) = asked.recv().await.received() {
            assert!(
                answers.send(number).await.is_ok(),
                "who asks waits for the answer"
            );
        }
    });
    for trip in 0..trips {
        assert!(questions.send(trip).await.is_ok(), "the echo listens");
        assert_eq!(
            answered.recv().await.received(),
            Some(trip),
            "the answer to this question"
        );
    }
    let elapsed = start.elapsed();

    drop(questions);
    echo.await.expect("the echo does not panic");
    elapsed
}

fn pair<C: Channel<usize>>() -> (C::Tx, C::Rx) {
    let (mut senders, mut receivers) = C::open(Ends::pair(1));
    let sender = senders.pop().expect("one sender was asked for");
    (sender, receivers.pop().expect("one receiver was asked for"))
}
