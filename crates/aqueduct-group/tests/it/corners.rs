//! What local groups and loans promise to who drops them, to other tasks, and to the compiler.

use std::cell::Cell;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use aqueduct_group::{
    Collect, Discard, FirstOk, Inline, Lent, LocalSpawner, LocalTask, SendTask, StillLent,
    UnsendTask, group,
};
use tokio::task::yield_now;

/// Counts those that live.
struct Alive<'a>(&'a Cell<usize>);

impl<'a> Alive<'a> {
    fn new(count: &'a Cell<usize>) -> Self {
        count.set(count.get() + 1);
        Self(count)
    }
}

impl Drop for Alive<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

/// Polls a future so often, by hand, and drops it. Says whether it was ready.
async fn poll_times<F: Future>(times: usize, future: F) -> bool {
    let mut future = pin!(future);
    for _ in 0..times {
        let mut cx = Context::from_waker(Waker::noop());
        if future.as_mut().poll(&mut cx).is_ready() {
            return true;
        }
        yield_now().await;
    }
    false
}

#[tokio::test]
async fn a_local_group_is_dropped_at_every_poll() {
    let (alive, ended) = (Cell::new(0), Cell::new(0));
    for times in 0.. {
        let mut escaped = None;
        let run = group()
            .with_limit(2)
            .run_local_unsend(Collect::<()>::new(), async |tasks| {
                escaped = Some(tasks.clone());
                for _ in 0..4 {
                    let mine = Alive::new(&alive);
                    let ended = &ended;
                    let task = async move {
                        let _mine = mine;
                        for _ in 0..3 {
                            yield_now().await;
                        }
                        ended.set(ended.get() + 1);
                    };
                    tasks.spawn(task).await.unwrap();
                }
            });
        ended.set(0);
        let ready = poll_times(times, run).await;
        assert_eq!(alive.get(), 0, "after {times} polls");
        if let Some(spawner) = escaped {
            assert!(spawner.is_empty(), "after {times} polls");
            assert!(spawner.try_spawn(async {}).is_err());
        }
        if ready {
            assert!(times > 3, "it had no time to be dropped midway");
            assert_eq!(ended.get(), 4);
            return;
        }
    }
}

#[tokio::test]
async fn a_loan_is_waited_for_again_and_again() {
    let mut kept = None;
    let (_, env) = group()
        .lend(5, Discard::<()>::new(), async |_, lent| kept = Some(lent))
        .await;
    let mut still_lent = env.unwrap_err();
    for times in 0..3 {
        assert!(!poll_times(times, &mut still_lent).await);
    }
    drop(kept);
    let mut cx = Context::from_waker(Waker::noop());
    assert_eq!(pin!(still_lent).poll(&mut cx), Poll::Ready(5));
}

#[tokio::test]
async fn tasks_that_spawn_without_end_let_others_run() {
    let spawned = Cell::new(0_u64);
    fn next<'env>(tasks: &LocalSpawner<Collect<()>, UnsendTask<'env>>, spawned: &'env Cell<u64>) {
        spawned.set(spawned.get() + 1);
        let spawner = tasks.clone();
        let _ = tasks.try_spawn(async move { next(&spawner, spawned) });
    }
    let endless = group().run_local_unsend(Collect::new(), async |tasks| {
        next(&tasks, &spawned);
        std::future::pending().await
    });
    tokio::select! {
        biased;
        _ = endless => unreachable!("it has no end"),
        () = async { for _ in 0..3 { yield_now().await } } => {}
    }
    assert!(spawned.get() > 3, "{}", spawned.get());
}

#[tokio::test]
async fn a_greedy_body_does_not_starve_its_tasks() {
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    for n in 0..100_000_u32 {
        sender.send(n).unwrap();
    }
    let received = Cell::new(0);
    let first_word = group()
        .run_local_unsend(FirstOk::<u32, ()>::new(), async |tasks| {
            let received = &received;
            let task = async move {
                yield_now().await;
                Ok(received.get())
            };
            tasks.spawn(task).await.unwrap();
            while receiver.recv().await.is_some() {
                received.set(received.get() + 1);
            }
        })
        .await;
    let after = first_word.unwrap().unwrap();
    assert!(after < 10_000, "it waited for {after} messages");
}

fn send<T: Send>() {}
fn sync<T: Sync>() {}
fn unpin<T: Unpin>() {}
fn unwind_safe<T: UnwindSafe + RefUnwindSafe>() {}

#[test]
fn auto_traits() {
    type P = Collect<u32>;
    send::<LocalSpawner<P, SendTask<'_>>>();
    sync::<LocalSpawner<P, SendTask<'_>>>();
    unpin::<LocalSpawner<P, UnsendTask<'_>>>();
    send::<LocalTask<'_, P, SendTask<'_>>>();
    send::<SendTask<'_>>();
    unpin::<SendTask<'_>>();
    unpin::<UnsendTask<'_>>();
    send::<Inline<u8, SendTask<'_>>>();
    unpin::<Inline<u8, UnsendTask<'_>>>();

    send::<Lent<u8>>();
    sync::<Lent<u8>>();
    unpin::<Lent<Rc<u8>>>();
    send::<StillLent<u8>>();
    unpin::<StillLent<Rc<u8>>>();
    unwind_safe::<Lent<u8>>();
}

/// What the compiler says is a part of what users see.
#[test]
fn misuse_does_not_compile() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/lend_*.rs");
    cases.compile_fail("tests/ui/local_*.rs");
}
