//! Several consumers of one source: on several threads, dropped, panicking, and held up.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use aqueduct_channel::{Overflow, mpsc};
use aqueduct_stream::{CHUNK, Flow, Outlet, Pull, Source, iter, receive};
use tokio::time::timeout;

/// What comes out until it waits.
fn drain<S: Source + Unpin>(flow: &mut Flow<S>) -> (Vec<S::Item>, bool) {
    let mut cx = Context::from_waker(Waker::noop());
    let mut items = Vec::new();
    loop {
        match Pin::new(&mut *flow).poll_many(&mut cx, &mut items, usize::MAX) {
            Poll::Ready(0) => return (items, true),
            Poll::Ready(_) => {}
            Poll::Pending => return (items, false),
        }
    }
}

/// How many items have been taken out of a source that always has some.
fn counted() -> (Arc<AtomicUsize>, Flow<impl Source<Item = usize> + Unpin>) {
    let taken = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&taken);
    let source = iter(0..).inspect(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
    });
    (taken, source)
}

#[test]
fn one_that_is_not_polled_holds_up_the_other_at_a_chunk() {
    let (taken, source) = counted();
    let (mut even, mut odd) = source.partition(|n| n % 2 == 0);
    let (items, ended) = drain(&mut even);
    assert!(!ended);
    // The other has exactly a chunk, and this one all that was for it.
    assert_eq!(taken.load(Ordering::SeqCst) - items.len(), CHUNK);
    assert!(drain(&mut odd).0.len() >= CHUNK);
    drop(odd);
    let mut cx = Context::from_waker(Waker::noop());
    let mut items = Vec::new();
    assert!(
        Pin::new(&mut even)
            .poll_many(&mut cx, &mut items, 1000)
            .is_ready()
    );
}

#[test]
fn groups_that_are_not_polled_hold_up_the_others_at_a_chunk() {
    let (taken, source) = counted();
    let mut groups = source.group_by(4, |n| n % 3);
    let (mut open, ended) = drain(&mut groups);
    assert!(!ended);
    assert_eq!(open.len(), 3);
    // One of the three has a chunk, the others nearly.
    let inside = taken.load(Ordering::SeqCst);
    assert_eq!(inside, 3 * CHUNK - 2);
    // As many again for each, then another is full.
    let (items, _) = drain(&mut open[0].1);
    assert_eq!(items.len(), CHUNK);
}

#[test]
fn groups_that_are_not_taken_hold_up_the_source() {
    // Each item is a group of its own: an open one has it, as have those that were closed and are in line.
    let (taken, source) = counted();
    let groups = source.group_by(4, |n| *n);
    let mut groups = groups;
    let mut cx = Context::from_waker(Waker::noop());
    let first = Pin::new(&mut groups).poll_item(&mut cx);
    let Poll::Ready(Some((_, mut first))) = first else {
        panic!("no group");
    };
    let (items, _) = drain(&mut first);
    assert_eq!(items, [0]);
    assert!(taken.load(Ordering::SeqCst) <= 1 + 4);
}

#[test]
fn a_broadcast_holds_a_chunk() {
    let (taken, source) = counted();
    let [mut one, other] = source.broadcast();
    let (items, ended) = drain(&mut one);
    assert!(!ended);
    assert_eq!(items.len(), CHUNK);
    assert_eq!(taken.load(Ordering::SeqCst), CHUNK);
    // One that is dropped holds up nobody.
    drop(other);
    let mut cx = Context::from_waker(Waker::noop());
    let mut items = Vec::new();
    assert!(
        Pin::new(&mut one)
            .poll_many(&mut cx, &mut items, 1000)
            .is_ready()
    );
}

#[tokio::test]
async fn dropping_one_wakes_who_was_held_up() {
    let source = iter(0..1000_u32);
    let (even, odd) = source.partition(|n| n % 2 == 0);
    let counting = tokio::spawn(even.count());
    tokio::task::yield_now().await;
    assert!(!counting.is_finished());
    drop(odd);
    assert_eq!(
        timeout(Duration::from_secs(5), counting)
            .await
            .unwrap()
            .unwrap(),
        500
    );

    let [one, other] = iter(0..1000_u32).broadcast();
    let counting = tokio::spawn(one.count());
    tokio::task::yield_now().await;
    assert!(!counting.is_finished());
    drop(other);
    assert_eq!(
        timeout(Duration::from_secs(5), counting)
            .await
            .unwrap()
            .unwrap(),
        1000
    );
}

/// A source that has items once it is told so, which wakes nobody: a poll that finds one need not be due to a wake.
struct Quiet {
    has_items: Arc<AtomicBool>,
    next: u32,
}

impl Source for Quiet {
    type Item = u32;

    fn poll_pull<O>(mut self: Pin<&mut Self>, _: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<u32> + ?Sized,
    {
        if !self.has_items.load(Ordering::SeqCst) {
            return Poll::Pending;
        }
        self.next += 1;
        let _ = outlet.push(self.next - 1);
        Poll::Ready(Pull::More)
    }
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// One of two waits for the source; the other is polled, takes what there is, and is never polled again.
fn who_waits_is_woken<A, B>(both: impl FnOnce(Flow<Quiet>) -> (Flow<A>, Flow<B>))
where
    A: Source<Item = u32> + Unpin,
    B: Source<Item = u32> + Unpin,
{
    let has_items = Arc::new(AtomicBool::new(false));
    let source = Quiet {
        has_items: Arc::clone(&has_items),
        next: 0,
    };
    let (mut taker, mut waiter) = both(Flow::new(source));
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(Arc::clone(&wakes));
    let waits = Pin::new(&mut waiter).poll_item(&mut Context::from_waker(&waker));
    assert!(waits.is_pending());
    has_items.store(true, Ordering::SeqCst);
    let taken = Pin::new(&mut taker).poll_item(&mut Context::from_waker(Waker::noop()));
    assert_eq!(taken, Poll::Ready(Some(0)));
    assert!(
        wakes.0.load(Ordering::SeqCst) > 0,
        "nobody would pull any more"
    );
    let next = Pin::new(&mut waiter).poll_item(&mut Context::from_waker(&waker));
    assert!(next.is_ready());
}

#[test]
fn who_pulled_last_may_go_away() {
    who_waits_is_woken(|s| s.partition(|n| n % 2 == 0));
    who_waits_is_woken(|s| s.broadcast::<2>().into());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn consumers_on_several_threads_see_all() {
    for _ in 0..20 {
        let (tx, rx) = mpsc::channel(100);
        let sender = tokio::spawn(async move {
            for n in 0..5000_u64 {
                tx.send(n).await.unwrap();
            }
        });
        let (even, odd) = receive(rx).partition(|n| n % 2 == 0);
        let [even_one, even_two] = even.broadcast();
        let odd = odd
            .group_by(10, |n| n % 10)
            .flat_map_merge(10, |(key, group)| group.filter(move |n| n % 10 == key));
        let sums = [
            tokio::spawn(even_one.fold(0, |sum, n| sum + n)),
            tokio::spawn(even_two.fold(0, |sum, n| sum + n)),
            tokio::spawn(odd.fold(0, |sum, n| sum + n)),
        ];
        let mut got = Vec::new();
        for sum in sums {
            got.push(
                timeout(Duration::from_secs(30), sum)
                    .await
                    .unwrap()
                    .unwrap(),
            );
        }
        assert_eq!(got, [6_247_500, 6_247_500, 6_250_000]);
        sender.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_on_tasks_of_their_own_see_all() {
    let (tx, rx) = mpsc::channel(100);
    let sender = tokio::spawn(async move {
        for n in 0..20_000_u64 {
            tx.send(n).await.unwrap();
        }
    });
    let mut groups = receive(rx).group_by(7, |n| n % 7);
    let mut tasks = Vec::new();
    while let Some((key, group)) = groups.next().await {
        tasks.push(tokio::spawn(async move {
            let items: Vec<u64> = group.collect().await;
            assert!(items.iter().all(|n| n % 7 == key));
            assert!(items.is_sorted());
            items.len()
        }));
    }
    let mut count = 0;
    for task in tasks {
        count += timeout(Duration::from_secs(30), task)
            .await
            .unwrap()
            .unwrap();
    }
    assert_eq!(count, 20_000);
    sender.await.unwrap();
}

#[test]
fn a_panic_is_told_to_the_others_of_a_share() {
    let source = || iter(0..10).inspect(|n| assert!(*n < 5, "five"));
    let broadcast: [_; 2] = source().broadcast();
    let shared = source().share(8, Overflow::DropOldest);
    for [mut one, mut other] in [broadcast, [shared.clone(), shared]] {
        assert!(catch_unwind(AssertUnwindSafe(|| drain(&mut one))).is_err());
        // What came before is there.
        let mut cx = Context::from_waker(Waker::noop());
        let mut items = Vec::new();
        let polled = Pin::new(&mut other).poll_many(&mut cx, &mut items, 5);
        assert_eq!((polled, items), (Poll::Ready(5), vec![0, 1, 2, 3, 4]));
        // It is no end, however often one looks, and whoever does.
        for flow in [&mut other, &mut one] {
            for _ in 0..2 {
                assert!(catch_unwind(AssertUnwindSafe(|| drain(flow))).is_err());
            }
        }
    }
}

#[test]
fn a_panic_is_told_to_the_others() {
    let (mut even, mut odd) = iter(0..10).partition(|n| {
        assert!(*n < 5, "five");
        n % 2 == 0
    });
    let first = catch_unwind(AssertUnwindSafe(|| drain(&mut even)));
    assert!(first.is_err());
    // What came before is there.
    let mut cx = Context::from_waker(Waker::noop());
    let mut items = Vec::new();
    assert!(
        Pin::new(&mut odd)
            .poll_many(&mut cx, &mut items, 2)
            .is_ready()
    );
    assert_eq!(items, [1, 3]);
    let then = catch_unwind(AssertUnwindSafe(|| drain(&mut odd)));
    assert!(then.is_err());
}

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        assert!(std::thread::panicking(), "the destructor");
    }
}

/// One of the streams takes the source to its end, where its destructor panics.
fn the_others_end<A, B>(both: impl FnOnce(Flow<Bombed>) -> (Flow<A>, Flow<B>))
where
    A: Source<Item = u32> + Unpin,
    B: Source<Item = u32> + Unpin,
{
    let (mut one, mut other) = both(Flow::new(Bombed {
        numbers: 0..3,
        _bomb: Bomb,
    }));
    let first = catch_unwind(AssertUnwindSafe(|| drain(&mut one)));
    assert!(first.is_err());
    let (items, ended) = drain(&mut other);
    assert!(ended, "it waits for a source that is no more");
    assert!(items.ends_with(&[1]) || items.ends_with(&[2]));
    assert!(drain(&mut one).1);
}

struct Bombed {
    numbers: std::ops::Range<u32>,
    _bomb: Bomb,
}

impl Source for Bombed {
    type Item = u32;

    fn poll_pull<O>(mut self: Pin<&mut Self>, _: &mut Context<'_>, outlet: &mut O) -> Poll<Pull>
    where
        O: Outlet<u32> + ?Sized,
    {
        let Some(number) = self.numbers.next() else {
            return Poll::Ready(Pull::End);
        };
        let _ = outlet.push(number);
        Poll::Ready(Pull::More)
    }
}

#[test]
fn a_destructor_that_panics_at_the_end_keeps_nobody_waiting() {
    the_others_end(|s| s.partition(|n| n % 2 == 0));
    the_others_end(|s| s.broadcast::<2>().into());
}

#[tokio::test]
async fn a_share_of_one_that_waits_is_woken() {
    let (tx, rx) = mpsc::channel::<u32>(8);
    let first = receive(rx).share(4, Overflow::Wait);
    let second = first.clone();
    let (first, second) = (
        tokio::spawn(first.collect::<Vec<_>>()),
        tokio::spawn(second.collect::<Vec<_>>()),
    );
    for n in 0..100 {
        tx.send(n).await.unwrap();
        if n % 10 == 0 {
            tokio::task::yield_now().await;
        }
    }
    drop(tx);
    let expected: Vec<u32> = (0..100).collect();
    assert_eq!(
        timeout(Duration::from_secs(5), first)
            .await
            .unwrap()
            .unwrap(),
        expected
    );
    assert_eq!(
        timeout(Duration::from_secs(5), second)
            .await
            .unwrap()
            .unwrap(),
        expected
    );
}
