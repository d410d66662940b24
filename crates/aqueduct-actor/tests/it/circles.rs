//! Who waits for whom, as debug builds look at it.

use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use aqueduct_actor::{Actor, ActorRef, AskError, Cx, Reply, actor, ask_all};
use tokio::sync::Semaphore;
use tokio::task::yield_now;

/// Counts the ways down from where it is.
struct Place {
    below: Vec<ActorRef<Place>>,
    gate: Arc<Semaphore>,
    ways: Option<u64>,
}

struct Count(Reply<u64>);

impl Actor for Place {
    type Msg = Count;

    async fn handle(&mut self, Count(reply): Count, _: &mut Cx<Self>) {
        if self.ways.is_none() && self.below.is_empty() {
            self.gate.acquire().await.unwrap().forget();
            self.ways = Some(1);
        }
        if self.ways.is_none() {
            let counts = ask_all(self.below.iter().map(|place| place.ask(Count))).await;
            let counts: Result<Vec<u64>, _> = counts.into_iter().collect();
            self.ways = counts.ok().map(|counts| counts.iter().sum());
        }
        if let Some(ways) = self.ways {
            reply.send(ways);
        }
    }
}

const LAYERS: u32 = 30;
const WIDTH: usize = 3;

/// Each asks all below it at the same time. The lowest wait; then those above them ask, and so on: who asks at the top could
/// go down by as many ways as there are.
async fn ways_down() -> Vec<Result<u64, AskError<Count, std::convert::Infallible>>> {
    let gate = Arc::new(Semaphore::new(0));
    let mut layer = Vec::new();
    let mut asking = Vec::new();
    for _ in 0..LAYERS {
        let place = |_| {
            let place = Place {
                below: layer.clone(),
                gate: gate.clone(),
                ways: None,
            };
            actor(place).spawn()
        };
        layer = Vec::from_iter((0..WIDTH).map(place));
        for place in &layer {
            let place = place.clone();
            asking.push(tokio::spawn(async move { place.ask(Count).await }));
        }
        for _ in 0..10 {
            yield_now().await;
        }
    }
    gate.add_permits(WIDTH);
    let mut top = Vec::new();
    for answer in asking {
        top.push(answer.await.unwrap());
    }
    top.split_off(top.len() - WIDTH)
}

#[test]
fn many_ways_that_do_not_lead_back_are_looked_at_in_time() {
    let (done, is_done) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let _ = done.send(runtime.unwrap().block_on(ways_down()));
    });
    let top = is_done.recv_timeout(Duration::from_secs(60));
    let top = top.expect("each place is looked at once");
    assert_eq!(top.len(), WIDTH);
    for ways in top {
        assert_eq!(ways.unwrap(), (WIDTH as u64).pow(LAYERS - 1));
    }
}
