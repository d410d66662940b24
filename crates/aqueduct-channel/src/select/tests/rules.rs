//! What the documentation promises, one by one.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::{FutureExt, StreamExt};

use crate::error::TryRecvError;
use crate::select::Select;
use crate::{mpmc, mpsc, spsc};

async fn pend(mut future: Pin<&mut impl Future>) {
    poll_fn(|cx| {
        assert!(future.as_mut().poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
}

#[tokio::test]
async fn ready_cases_take_turns() {
    const EACH: usize = 50;
    let (a, mut ra) = mpsc::channel(EACH);
    let (mut b, mut rb) = spsc::channel(EACH);
    let (c, rc) = mpmc::channel(EACH);
    let (d, rd) = mpmc::unbounded_channel();
    for _ in 0..EACH {
        a.try_send(()).unwrap();
        b.try_send(()).unwrap();
        c.try_send(()).unwrap();
        d.send(()).unwrap();
    }
    let mut select = Select::new();
    select.recv(&mut ra, |_| 0);
    select.recv(&mut rb, |_| 1);
    select.recv(&rc, |_| 2);
    select.recv(&rd, |_| 3);
    for event in 0..4 * EACH {
        assert_eq!(select.select().await, Some(event % 4));
    }
}

#[tokio::test]
async fn one_that_was_asleep_waits_for_one_turn_of_the_others() {
    let (busy, mut busy_rx): (Vec<_>, Vec<_>) = (0..3).map(|_| mpsc::channel(1000)).unzip();
    let (calm, mut calm_rx) = mpsc::channel(1);
    let mut select = Select::new();
    for (n, rx) in busy_rx.iter_mut().enumerate() {
        select.recv(rx, move |_| n);
    }
    select.recv(&mut calm_rx, |_| 3);
    assert!(select.select().now_or_never().is_none());
    for tx in &busy {
        (0..1000).for_each(|n| tx.try_send(n).unwrap());
    }
    for round in 0..20 {
        for _ in 0..round {
            assert!(select.select().await.unwrap() < 3);
        }
        calm.try_send(0).unwrap();
        let mut waited = 0;
        while select.select().await != Some(3) {
            waited += 1;
        }
        assert!(waited <= 3, "{waited} events in round {round}");
    }
}

#[tokio::test]
async fn many_idle_cases_do_not_hide_one() {
    const CASES: usize = 200;
    let (tx, mut rx): (Vec<_>, Vec<_>) = (0..CASES).map(|_| mpsc::channel(1)).unzip();
    let mut select = Select::new();
    for (n, rx) in rx.iter_mut().enumerate() {
        select.recv(rx, move |m| (n, m));
    }
    assert!(select.select().now_or_never().is_none());
    for n in (0..CASES).rev().step_by(7) {
        tx[n].try_send(n).unwrap();
        assert_eq!(select.select().await, Some((n, Some(n))));
    }
    drop(tx);
    let mut ended: Vec<_> = select.by_ref().map(|(n, _)| n).collect().await;
    ended.sort_unstable();
    assert!(ended.into_iter().eq(0..CASES));
}

#[tokio::test]
async fn a_dropped_select_passes_on_what_it_was_given() {
    let (tx, rx) = mpmc::channel(1);
    let (room, mut taken) = mpsc::channel(1);
    room.try_send(0).unwrap();
    let mut select = Select::new();
    select.recv(&rx, |message| message);
    select.reserve(&room, |permit| {
        permit.map(|permit| permit.send(9)).ok().map(|()| 9)
    });

    let mut waiting = Box::pin(select.select());
    pend(waiting.as_mut()).await;
    let (other, send) = (rx.clone(), room.clone());
    let (mut recv, mut send) = (pin!(other.recv()), pin!(send.send(1)));
    pend(recv.as_mut()).await;
    pend(send.as_mut()).await;
    // Promised to the select, which is first in both lines.
    tx.try_send(5).unwrap();
    taken.try_recv().unwrap();
    pend(recv.as_mut()).await;
    pend(send.as_mut()).await;
    drop(waiting);
    assert_eq!(recv.now_or_never(), Some(Some(5)));
    assert_eq!(send.now_or_never(), Some(Ok(())));
    assert_eq!(
        (tx.stats().receivers_waiting, room.stats().senders_waiting),
        (0, 0)
    );
}

#[tokio::test]
async fn between_two_events_it_is_in_no_line() {
    let (shared, rx) = mpmc::channel(4);
    let (own, mut own_rx) = mpsc::channel(4);
    let mut select = Select::new();
    select.recv(&rx, |n: Option<u32>| n.unwrap());
    select.recv(&mut own_rx, |n: Option<u32>| n.unwrap());
    let mut waiting = Box::pin(select.select());
    pend(waiting.as_mut()).await;
    assert_eq!(shared.stats().receivers_waiting, 1);
    // Both are there when it is polled, and only one is served: the other message is anybody's.
    shared.try_send(1).unwrap();
    own.try_send(2).unwrap();
    let first = waiting.await.unwrap();
    assert_eq!(shared.stats().receivers_waiting, 0);
    let second = match first {
        1 => select.select().await,
        _ => rx.try_recv().ok(),
    };
    assert_eq!(first + second.unwrap(), 3);
}

#[tokio::test]
async fn it_loses_nothing_within_tokios_select() {
    let (tx, mut rx) = mpsc::channel(4);
    let (shared, shared_rx) = mpmc::channel(4);
    let sending = tokio::spawn(async move {
        for n in 0..500 {
            tx.send(n).await.unwrap();
            shared.send(n).await.unwrap();
            if n % 3 == 0 {
                tokio::task::yield_now().await;
            }
        }
    });
    let mut select = Select::new();
    select.recv(&mut rx, |n| n);
    select.recv(&shared_rx, |n| n);
    let (mut sum, mut others) = (0, 0);
    loop {
        tokio::select! {
            event = select.select() => match event {
                Some(n) => sum += n.unwrap_or(0),
                None => break,
            },
            () = tokio::task::yield_now() => others += 1,
        }
    }
    sending.await.unwrap();
    assert_eq!(sum, 2 * (0..500).sum::<u32>());
    assert!(others > 0);
}

#[tokio::test]
async fn cases_come_and_go() {
    let (tx, rx): (Vec<_>, Vec<_>) = (0..3).map(|_| mpsc::channel(4)).unzip();
    let mut rx = rx.into_iter();
    let mut select = Select::new();
    let first = select.recv(rx.next().unwrap(), |n| n);
    let second = select.recv(rx.next().unwrap(), |n| n);
    assert!(select.select().now_or_never().is_none());
    tx[0].try_send(0).unwrap();
    tx[1].try_send(1).unwrap();
    assert!(select.disable(first));
    assert_eq!(select.try_select(), Ok(Some(1)));
    assert_eq!(select.try_select(), Err(TryRecvError::Empty));
    assert!(select.remove(second) && !select.remove(second) && !select.disable(second));
    // All that is left is disabled.
    assert_eq!(select.select().await, None);
    assert_eq!(
        (select.len(), select.try_select()),
        (1, Err(TryRecvError::Disconnected))
    );
    let third = select.recv(rx.next().unwrap(), |n| n);
    assert!(third != second && !select.enable(second));
    tx[2].try_send(2).unwrap();
    assert_eq!(select.select().await, Some(Some(2)));
    assert!(select.select().now_or_never().is_none());
    assert!(select.enable(first) && select.enable(first));
    assert_eq!(select.select().await, Some(Some(0)));
    assert!(tx[1].is_closed() && !tx[0].is_closed());
}

#[tokio::test]
async fn a_disabled_case_is_in_no_line() {
    let (tx, rx) = mpmc::channel(1);
    let mut select = Select::new();
    let id = select.recv(&rx, |n: Option<u32>| n);
    let poll = poll_fn(|cx| Poll::Ready(select.poll_select(cx).is_pending()));
    assert!(poll.await);
    assert_eq!(tx.stats().receivers_waiting, 1);
    select.disable(id);
    assert_eq!(tx.stats().receivers_waiting, 0);
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn the_task_that_polled_last_is_woken() {
    let (tx, mut rx) = mpsc::channel(1);
    let mut select = Select::new();
    select.recv(&mut rx, |n| n);
    let tasks: Vec<_> = (0..2).map(|_| Arc::new(Wakes::default())).collect();
    for task in &tasks {
        let waker = Waker::from(task.clone());
        assert!(
            select
                .poll_select(&mut Context::from_waker(&waker))
                .is_pending()
        );
    }
    tx.try_send(1).unwrap();
    assert_eq!(tasks[0].0.load(Ordering::Relaxed), 0);
    assert_eq!(tasks[1].0.load(Ordering::Relaxed), 1);
    assert_eq!(select.try_select(), Ok(Some(1)));
}

#[tokio::test]
async fn a_busy_select_lets_other_tasks_run() {
    let (tx, mut rx) = mpsc::channel(10_000);
    (0..10_000).for_each(|n| tx.try_send(n).unwrap());
    let other = tokio::spawn(async {});
    let mut select = Select::new();
    select.recv(&mut rx, |n| n);
    let mut events = 0;
    while !other.is_finished() {
        select.select().await;
        events += 1;
    }
    assert!(events < 2_000, "{events}");
}

#[tokio::test]
async fn a_closure_that_panics_breaks_nothing_else() {
    let (tx, mut rx) = mpsc::channel(4);
    let (shared, shared_rx) = mpmc::channel(4);
    let mut select = Select::new();
    select.recv(&mut rx, |n: Option<u32>| match n {
        Some(1) => panic!("one"),
        n => n,
    });
    select.recv(&shared_rx, |n| n);
    assert!(select.select().now_or_never().is_none());
    tx.try_send(1).unwrap();
    let caught = std::panic::AssertUnwindSafe(select.select()).catch_unwind();
    assert!(caught.await.is_err());
    tx.try_send(2).unwrap();
    shared.try_send(3).unwrap();
    let mut events = [select.select().await, select.select().await];
    events.sort_unstable();
    assert_eq!(events, [Some(Some(2)), Some(Some(3))]);
}

#[test]
fn threads_select_too() {
    let (tx, mut rx): (Vec<_>, Vec<_>) = (0..3).map(|_| mpsc::channel(2)).unzip();
    let senders: Vec<_> = tx
        .into_iter()
        .map(|tx| std::thread::spawn(move || (0..100).for_each(|n| tx.blocking_send(n).unwrap())))
        .collect();
    let mut select = Select::new();
    for rx in &mut rx {
        select.recv(rx, |n| n);
    }
    let (mut sum, mut ended) = (0, 0);
    while let Some(event) = select.blocking_select() {
        match event {
            Some(n) => sum += n,
            None => ended += 1,
        }
    }
    for sender in senders {
        sender.join().unwrap();
    }
    assert_eq!((sum, ended), (3 * 4950, 3));
}
