use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use super::*;

#[test]
fn plain_threads() {
    let (tx, mut rx) = mpsc::channel(1);
    let sender = thread::spawn(move || {
        for n in 0..100 {
            tx.blocking_send(n).unwrap();
        }
    });
    for n in 0..50 {
        assert_eq!(rx.blocking_recv(), Some(n));
    }
    let mut rest = Vec::new();
    while rx.blocking_recv_many(&mut rest, 8) > 0 {}
    assert_eq!(rest, (50..100).collect::<Vec<_>>());
    sender.join().unwrap();
    assert_eq!(rx.blocking_recv(), None);
}

#[test]
fn a_blocked_thread_learns_of_the_end() {
    let (tx, mut rx) = mpsc::channel(1);
    tx.blocking_send(1).unwrap();
    let sender = thread::spawn(move || tx.blocking_send(2));
    rx.close();
    assert_eq!(rx.blocking_recv(), Some(1));
    let sent = sender.join().unwrap();
    assert_eq!(rx.blocking_recv(), sent.is_ok().then_some(2));
}

#[tokio::test]
async fn tasks_and_threads() {
    let (tx, mut rx) = mpsc::channel(1);
    let (back, mut forth) = mpsc::channel(1);
    let echo = tokio::task::spawn_blocking(move || {
        while let Some(n) = rx.blocking_recv() {
            back.blocking_send(n + 1_u32).unwrap();
        }
    });
    for n in 0..100 {
        tx.send(n).await.unwrap();
        assert_eq!(forth.recv().await, Some(n + 1));
    }
    drop(tx);
    echo.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_place() {
    let (tx, mut rx) = mpsc::channel(1);
    let task = tokio::spawn(async move { tx.send(1).await });
    assert_eq!(tokio::task::block_in_place(|| rx.blocking_recv()), Some(1));
    task.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_task_must_not_block() {
    let (tx, mut rx) = mpsc::channel(2);
    tx.send(1).await.unwrap();
    let refused = [
        catch_unwind(AssertUnwindSafe(|| tx.blocking_send(2).is_ok())),
        catch_unwind(AssertUnwindSafe(|| rx.blocking_recv().is_some())),
        catch_unwind(AssertUnwindSafe(|| {
            rx.blocking_recv_many(&mut Vec::new(), 1) > 0
        })),
    ];
    assert!(refused.iter().all(Result::is_err));
    // Also where it would not have had to wait; and nothing was done.
    assert_eq!(rx.len(), 1);
}
