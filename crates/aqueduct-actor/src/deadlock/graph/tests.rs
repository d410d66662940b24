use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use aqueduct_core::node::Birth;
use proptest::prelude::*;

use super::*;
use crate::ask::Returned;

/// An ask that waits, or was answered.
struct Asks(bool);

impl Note for Asks {
    fn unsent(&self, message: Returned, _: UnsentReason) -> Result<(), Returned> {
        Err(message)
    }

    fn is_waiting(&self) -> bool {
        self.0
    }
}

/// So many actors, and who asks whom; whether it waits still.
fn graph(size: usize, asks: &[(usize, usize, bool)]) -> (Vec<NodeId>, Graph) {
    let ids: Vec<_> = (0..size).map(|_| Birth::here().id).collect();
    let mut graph = Graph::default();
    for &(asker, target, waits) in asks {
        let entry = graph.waits.entry(ids[asker]);
        let (_, all) = entry.or_insert_with(|| ("".into(), Vec::new()));
        all.push(Wait {
            target: ids[target],
            ask: Arc::new(Asks(waits)),
        });
    }
    (ids, graph)
}

/// Each of a layer asks all of the next one: of as many ways as there are here none leads back.
#[test]
fn layers_are_looked_through_in_time() {
    const LAYERS: usize = 40;
    const WIDTH: usize = 3;
    let (done, is_done) = mpsc::channel();
    thread::spawn(move || {
        let next = |at: usize| (0..WIDTH).map(move |n| (at / WIDTH + 1) * WIDTH + n);
        let asks = (0..(LAYERS - 1) * WIDTH).flat_map(|at| next(at).map(move |to| (at, to, true)));
        let (ids, graph) = graph(LAYERS * WIDTH + 1, &Vec::from_iter(asks));
        let nobody = ids[LAYERS * WIDTH];
        let last = ids[LAYERS * WIDTH - 1];
        let _ = done.send((graph.way(ids[0], nobody), graph.way(ids[0], last)));
    });
    let ways = is_done.recv_timeout(Duration::from_secs(60));
    let (none, one) = ways.expect("each actor is looked at once");
    assert_eq!(none, None);
    assert_eq!(one.map(|way| way.len()), Some(LAYERS - 1));
}

const SIZE: usize = 9;

/// Whom each can reach, by repetition until nothing changes.
fn reach(asks: &[(usize, usize, bool)]) -> [[bool; SIZE]; SIZE] {
    let mut reach = [[false; SIZE]; SIZE];
    for (at, row) in reach.iter_mut().enumerate() {
        row[at] = true;
    }
    loop {
        let before = reach;
        for &(asker, target, _) in asks.iter().filter(|(.., waits)| *waits) {
            for from in &mut reach {
                from[target] |= from[asker];
            }
        }
        if reach == before {
            return reach;
        }
    }
}

proptest! {
    #[test]
    fn there_is_a_way_to_whom_one_can_reach(
        asks in prop::collection::vec((0..SIZE, 0..SIZE, prop::bool::weighted(0.8)), 0..24),
    ) {
        let (ids, graph) = graph(SIZE, &asks);
        let reach = reach(&asks);
        for from in 0..SIZE {
            for to in 0..SIZE {
                let way = graph.way(ids[from], ids[to]);
                prop_assert_eq!(way.is_some(), reach[from][to]);
                let Some(mut way) = way else {
                    continue;
                };
                way.push(ids[to]);
                prop_assert_eq!(way[0], ids[from]);
                for step in way.windows(2) {
                    let asks_so = |&(asker, target, waits): &(usize, usize, bool)| {
                        waits && [ids[asker], ids[target]] == *step
                    };
                    prop_assert!(asks.iter().any(asks_so));
                }
                let length = way.len();
                way.sort();
                way.dedup();
                prop_assert_eq!(way.len(), length, "nobody is on it twice");
            }
        }
    }
}
