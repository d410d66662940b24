//! Environments that are lent to parallel tasks.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use aqueduct_group::{AllOk, Collect, Discard, Lent, TaskEnd, group};
use tokio::task::yield_now;

/// Counts how often it was dropped.
struct Env<'a> {
    words: Vec<&'static str>,
    total: AtomicUsize,
    dropped: &'a AtomicUsize,
}

impl<'a> Env<'a> {
    fn new(dropped: &'a AtomicUsize) -> Self {
        Self {
            words: vec!["a", "bb", "ccc"],
            total: AtomicUsize::new(0),
            dropped,
        }
    }
}

impl Drop for Env<'_> {
    fn drop(&mut self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }
}

fn is_send<F: Future + Send>(future: F) -> F {
    future
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_given_back_by_value() {
    static DROPPED: AtomicUsize = AtomicUsize::new(0);
    for _ in 0..200 {
        DROPPED.store(0, Ordering::Relaxed);
        let running = group().lend(Env::new(&DROPPED), Discard::new(), async |group, env| {
            for index in 0..env.words.len() {
                let env = env.clone();
                let adds = async move {
                    yield_now().await;
                    env.total
                        .fetch_add(env.words[index].len(), Ordering::Relaxed);
                };
                group.spawn(adds).await.unwrap();
            }
        });
        let (result, env) = is_send(running).await;
        result.unwrap();
        let mut env = env.unwrap();
        assert_eq!(*env.total.get_mut(), 6);
        assert_eq!(DROPPED.load(Ordering::Relaxed), 0);
        drop(env);
        assert_eq!(DROPPED.load(Ordering::Relaxed), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn it_is_given_back_whatever_becomes_of_the_tasks() {
    let env = Mutex::new(0);
    let (ends, env) = group()
        .with_timeout(Duration::from_secs(1))
        .lend(env, Collect::<()>::new(), async |group, env| {
            let mine = env.clone();
            let panics = async move {
                *mine.lock().unwrap() += 1;
                let _mine = mine;
                panic!("ouch");
            };
            group.spawn(panics).await.unwrap();
            let mine = env.clone();
            let waits = async move {
                *mine.lock().unwrap() += 1;
                std::future::pending().await
            };
            group.spawn(waits).await.unwrap();
        })
        .await;
    assert!(
        matches!(ends[..], [TaskEnd::Panicked(_), TaskEnd::Cancelled]),
        "{ends:?}"
    );
    assert_eq!(env.unwrap().into_inner().unwrap(), 2);
}

#[tokio::test]
async fn one_that_escapes_is_waited_for() {
    static DROPPED: AtomicUsize = AtomicUsize::new(0);
    let (values, env) = group()
        .lend(
            Env::new(&DROPPED),
            AllOk::<_, ()>::new(),
            async |group, env| {
                let keeps = env.clone();
                group.spawn(async { Ok(keeps) }).await.unwrap();
            },
        )
        .await;
    let mut values = values.unwrap();
    let escaped: Lent<Env<'_>> = values.pop().unwrap();
    let still_lent = env.err().unwrap();
    let mut still_lent = still_lent.try_again().err().unwrap();
    assert!(futures_util::poll!(&mut still_lent).is_pending());
    let waiting = tokio::spawn(still_lent);
    yield_now().await;
    assert!(!waiting.is_finished());
    assert_eq!(escaped.words.len(), 3);
    drop(escaped);
    let env = waiting.await.unwrap();
    assert_eq!(env.words.len(), 3);
    assert_eq!(DROPPED.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn it_can_be_tried_again() {
    let mut kept = None;
    let (result, env) = group()
        .lend(7, Discard::<()>::new(), async |_, env| {
            kept = Some(env.clone());
        })
        .await;
    result.unwrap();
    let still_lent = env.unwrap_err().try_again().unwrap_err();
    assert_eq!(kept.as_deref(), Some(&7));
    drop(kept);
    assert_eq!(still_lent.try_again().unwrap(), 7);
}

#[tokio::test]
async fn given_up_it_is_dropped_with_the_last() {
    static DROPPED: AtomicUsize = AtomicUsize::new(0);
    let mut kept = None;
    let (_, env) = group()
        .lend(Env::new(&DROPPED), Discard::<()>::new(), async |_, env| {
            kept = Some(env.clone());
        })
        .await;
    drop(env);
    assert_eq!(DROPPED.load(Ordering::Relaxed), 0);
    drop(kept);
    assert_eq!(DROPPED.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_thread_that_nothing_stops_keeps_it() {
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let (began, has_begun) = tokio::sync::oneshot::channel();
    let (result, env) = group()
        .lend(
            String::from("kept"),
            Discard::<()>::new(),
            async |group, env| {
                let env = env.clone();
                let works = move || {
                    began.send(()).unwrap();
                    may_go_on.recv().unwrap();
                    assert_eq!(*env, "kept");
                };
                let spawned = group.task("stubborn").spawn_blocking(works);
                spawned.await.unwrap();
                has_begun.await.unwrap();
                group.abort_all();
            },
        )
        .await;
    // Not all have returned.
    assert!(result.unwrap_err().is_cancelled());
    let still_lent = env.unwrap_err();
    go_on.send(()).unwrap();
    assert_eq!(still_lent.await, "kept");
}

#[tokio::test]
async fn dropping_it_midway_drops_the_environment_with_the_tasks() {
    static DROPPED: AtomicUsize = AtomicUsize::new(0);
    let outer = group().open(Discard::<()>::new());
    let begins = async {
        let lending = group().lend(Env::new(&DROPPED), Discard::new(), async |group, env| {
            let env = env.clone();
            let waits = async move {
                let _env = env;
                std::future::pending::<()>().await;
            };
            group.spawn(waits).await.unwrap();
        });
        tokio::select! {
            biased;
            _ = lending => unreachable!("its task waits for ever"),
            () = yield_now() => {}
        }
    };
    outer.spawn(begins).await.unwrap();
    outer.join().await.unwrap();
    assert_eq!(DROPPED.load(Ordering::Relaxed), 1);
}
