//! What is left of a group whose owner was dropped, and who answers for it.

use std::sync::mpsc;
use std::thread;

use aqueduct_group::{Collect, Discard, TaskGroup, TaskKind, group};
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::support::{Census, Guard, both, eventually, millis, secs, threads};

/// Takes 100 ms to drop.
struct Slow(Option<Guard>);

impl Drop for Slow {
    fn drop(&mut self) {
        thread::sleep(millis(100));
        self.0.take();
    }
}

/// A group with a task that takes its time to be dropped.
async fn slow(census: &Census) -> TaskGroup<Discard> {
    let group = group().open(Discard::new());
    let slow = Slow(Some(census.guard()));
    let task = async move {
        let _slow = slow;
        std::future::pending().await
    };
    group.spawn(task).await.unwrap();
    group
}

/// The group around is gone, with all its handles; further out there is another.
#[test]
fn where_the_group_around_is_gone_the_next_takes_in() {
    threads(async {
        let census = Census::default();
        let inner_census = census.clone();
        let outermost = group().open(Collect::new());
        let keeper = async move {
            let (give, given) = oneshot::channel();
            let opener = async move {
                let body = async |_| give.send(slow(&inner_census).await).unwrap();
                group().run(Discard::<()>::new(), body).await.unwrap();
            };
            let gone = group().open(Discard::new());
            gone.spawn(opener).await.unwrap();
            let orphan = given.await.unwrap();
            gone.join().await.unwrap();
            drop(orphan);
        };
        outermost.spawn(keeper).await.unwrap();
        outermost.join().await;
        assert_eq!(census.alive(), 0, "the outermost has waited");
    });
}

#[test]
fn a_blocking_task_that_was_taken_in_is_named_by_who_gives_it_up() {
    threads(blocking_that_was_taken_in());
    // Not under a paused clock, which stands still while anything blocks.
    let mut builder = Builder::new_current_thread();
    let runtime = builder.enable_all().build().unwrap();
    runtime.block_on(blocking_that_was_taken_in());
}

async fn blocking_that_was_taken_in() {
    let census = Census::default();
    let (release, released) = mpsc::channel::<()>();
    let (began, begins) = oneshot::channel();
    let guard = census.guard();
    let outer = group().with_linger(millis(50)).open(Collect::new());
    let owner = async move {
        // Two groups that are dropped, one in the other.
        let middle = group().open(Discard::new());
        let opener = async move {
            let inner = group().open(Discard::new());
            let blocks = move || {
                let _guard = guard;
                let _ = began.send(());
                let _ = released.recv();
            };
            inner.task("stuck").spawn_blocking(blocks).await.unwrap();
            std::future::pending::<()>().await;
        };
        middle.spawn(opener).await.unwrap();
        begins.await.unwrap();
        drop(middle);
    };
    outer.task("owner").spawn(owner).await.unwrap();
    let waits = timeout(millis(200), outer.wait_closed()).await;
    assert!(waits.is_err(), "it waits for what it has taken in");
    outer.scope().cancel();
    let joined = timeout(secs(10), outer.join_with_report()).await;
    let report = joined.expect("it gives up").1;
    let [unstopped] = &report.unstopped[..] else {
        panic!("{report}");
    };
    assert_eq!(
        (unstopped.name(), unstopped.kind(), report.spawned),
        (Some("stuck"), TaskKind::Blocking, 1)
    );
    assert_eq!(census.alive(), 1);
    drop(release);
    eventually("it ends", || census.alive() == 0);
}

/// Those that have ended are not remembered.
#[test]
fn of_many_that_were_taken_in_nothing_stays() {
    both(|| async {
        let outer = group().open(Discard::new());
        let owner = async {
            for _ in 0..1000 {
                let inner = group().open(Discard::<()>::new());
                inner.spawn(std::future::pending()).await.unwrap();
                drop(inner);
                tokio::task::yield_now().await;
            }
        };
        outer.spawn(owner).await.unwrap();
        let (_, report) = outer.join_with_report().await;
        assert_eq!((report.spawned, report.unstopped.len()), (1, 0));
    });
}
