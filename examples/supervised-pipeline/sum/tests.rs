use super::*;
use crate::desk::{Desk, Open};
use crate::faults::Key;

fn counted(lease: Lease<Batch>) -> Counted {
    let counts = Counts {
        left_out: 1,
        ..Counts::default()
    };
    Counted { lease, counts }
}

#[test]
fn a_batch_that_comes_twice_counts_once() {
    let desk = Desk::new(9, Arc::new(Open::default()));
    let add = || {
        desk.add(Batch {
            entries: Vec::new(),
            key: Key::root(0),
        })
    };
    let (sum, first, second) = (Mutex::default(), add(), add());
    // Who added it up dies before it is done.
    drop(commit(&sum, vec![counted(first)]));
    let again = desk.returns().try_recv().unwrap();
    let added = commit(&sum, vec![counted(again), counted(second)]);
    assert_eq!(added.len(), 2, "both are to be done now");
    for lease in added {
        lease.done();
    }
    let sum = sum.into_inner().unwrap();
    assert_eq!((sum.counts.left_out, sum.twice), (2, 1));
    assert_eq!(desk.book().open(), 0);
}
