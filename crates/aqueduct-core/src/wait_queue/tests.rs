mod reference;
mod stress;

use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use super::semaphore::{Ask, Semaphore, poll};
use super::*;
use crate::barrier::Payer;
use crate::testing::Probe;

type Waiter = Pin<Box<Wait<Semaphore>>>;

fn waiters<const N: usize>(semaphore: &Semaphore) -> [Waiter; N] {
    std::array::from_fn(|_| Box::pin(semaphore.wait()))
}

fn poll_with(waiter: &mut Waiter, waker: &Waker, wants: usize) -> Poll<Ask> {
    let mut cx = Context::from_waker(waker);
    poll(waiter.as_mut(), &mut cx, Place::Back, wants, 0)
}

fn glance(waiter: &mut Waiter, wants: usize) -> bool {
    poll_with(waiter, Waker::noop(), wants).is_ready()
}

#[test]
fn from_idle_to_linked_to_served_and_back() {
    let (semaphore, probe) = (Semaphore::new(), Probe::new());
    let waker = probe.waker();
    let [mut waiter] = waiters(&semaphore);
    for round in 1..=3 {
        assert!(!waiter.is_waiting());
        assert!(poll_with(&mut waiter, &waker, 1).is_pending());
        assert!(waiter.is_waiting());
        assert_eq!(
            (semaphore.queue.len(), semaphore.queue.is_empty()),
            (1, false)
        );
        assert!(poll_with(&mut waiter, &waker, 1).is_pending());
        semaphore.give(1);
        assert_eq!((probe.wakes(), semaphore.queue.len()), (round, 0));
        assert!(semaphore.queue.is_empty() && waiter.is_waiting());
        let polled = poll_with(&mut waiter, &waker, 1);
        assert_eq!(polled, Poll::Ready(Ask { wants: 1, has: 1 }));
    }
    assert_eq!((probe.clones(), probe.alive()), (3, 1));
    semaphore.give(1);
    assert!(glance(&mut waiter, 1), "served by itself at the first poll");
    assert_eq!(probe.wakes(), 3, "and not woken");
}

#[test]
fn leaving_says_what_had_been_given() {
    let semaphore = Semaphore::new();
    let [mut waiter] = waiters(&semaphore);
    assert_eq!(waiter.as_mut().leave(), None);
    assert!(!glance(&mut waiter, 2));
    assert_eq!(
        waiter.as_mut().leave(),
        Some((Ask { wants: 2, has: 0 }, false))
    );
    assert!(!glance(&mut waiter, 2));
    semaphore.give(1);
    assert_eq!(
        waiter.as_mut().leave(),
        Some((Ask { wants: 2, has: 1 }, false))
    );
    assert!(!glance(&mut waiter, 2));
    semaphore.give(2);
    assert_eq!(
        waiter.as_mut().leave(),
        Some((Ask { wants: 2, has: 2 }, true))
    );
    assert_eq!(waiter.as_mut().leave(), None);
    assert!(semaphore.queue.is_empty());
}

#[test]
fn closing_serves_all_batch_by_batch() {
    let (semaphore, probe) = (Semaphore::new(), Probe::new());
    const MANY: usize = WakeBatch::SIZE * 2 + 3;
    let mut waiters = waiters::<MANY>(&semaphore);
    let waker = probe.waker();
    for waiter in &mut waiters {
        assert!(poll_with(waiter, &waker, 1).is_pending());
    }
    semaphore.close();
    assert_eq!(probe.wakes(), MANY);
    assert_eq!(probe.alive(), 1);
    assert!(waiters.iter_mut().all(|waiter| glance(waiter, 1)));
}

#[test]
fn serve_says_how_many_it_served() {
    let semaphore = Semaphore::new();
    let mut waiters = waiters::<3>(&semaphore);
    for waiter in &mut waiters {
        assert!(!glance(waiter, 1));
    }
    let mut left = 2;
    let take = |_: &mut Ask| {
        left -= 1;
        left >= 0
    };
    assert_eq!(semaphore.queue.serve(take), 2);
    assert_eq!(semaphore.queue.serve_all(), 1);
    assert_eq!(semaphore.queue.serve_all(), 0);
}

#[test]
fn an_empty_line_is_said_under_the_lock() {
    let semaphore = Semaphore::new();
    let queue = &semaphore.queue;
    let mut drained = 0;
    let mut serve = |give: usize| {
        let mut left = give;
        let fulfil = |_: &mut Ask| left.checked_sub(1).map(|now| left = now).is_some();
        let served = queue.serve_and(fulfil, || drained += 1);
        (served, drained)
    };
    assert_eq!(serve(0), (0, 1), "nobody was there to begin with");
    let mut waiters = waiters::<3>(&semaphore);
    for waiter in &mut waiters {
        assert!(!glance(waiter, 1));
    }
    assert_eq!(serve(0), (0, 1));
    assert_eq!(serve(2), (2, 1));
    assert_eq!(serve(2), (1, 2));

    let mut drained = 0;
    let mut cx = Context::from_waker(Waker::noop());
    let mut wait = pin!(semaphore.wait());
    let ask = || Ask::new(1);
    for (fulfilled, times) in [(false, 0), (true, 1)] {
        let said = || drained += 1;
        let polled = wait
            .as_mut()
            .poll_wait(&mut cx, Place::Back, 0, ask, |_| fulfilled, said);
        assert_eq!((polled.is_ready(), drained), (fulfilled, times));
        wait.as_mut().leave();
    }
}

#[test]
fn a_lazy_place_is_made_once_and_leaves_the_line() {
    let semaphore = Semaphore::new();
    let mut lazy = Box::pin(LazyWait::new());
    assert!(!lazy.is_made());
    drop(Box::pin(LazyWait::<Semaphore>::default()));
    let mut cx = Context::from_waker(Waker::noop());
    let mut made = 0;
    for _ in 0..2 {
        let wait = lazy.as_mut().get(|| {
            made += 1;
            semaphore.clone()
        });
        assert!(poll(wait, &mut cx, Place::Back, 1, 0).is_pending());
    }
    assert!(lazy.is_made());
    assert_eq!((made, semaphore.queue.len()), (1, 1));
    drop(lazy);
    assert_eq!(semaphore.queue.len(), 0);
}

#[test]
fn a_waker_is_renewed_only_when_it_changed() {
    let (semaphore, first, second) = (Semaphore::new(), Probe::new(), Probe::new());
    let (a, b) = (first.waker(), second.waker());
    let [mut waiter] = waiters(&semaphore);
    for _ in 0..10 {
        assert!(poll_with(&mut waiter, &a, 1).is_pending());
    }
    assert_eq!(first.clones(), 1);
    for _ in 0..10 {
        assert!(poll_with(&mut waiter, &b, 1).is_pending());
    }
    assert_eq!((second.clones(), first.alive()), (1, 1));
    semaphore.give(1);
    assert_eq!((first.wakes(), second.wakes()), (0, 1));
}

#[test]
fn a_waiter_served_while_its_waker_is_cloned_keeps_no_waker() {
    let (semaphore, probe) = (Semaphore::new(), Probe::new());
    let [mut waiter] = waiters(&semaphore);
    assert!(!glance(&mut waiter, 1));
    probe.on_clone({
        let semaphore = semaphore.clone();
        move || semaphore.give(1)
    });
    let waker = probe.waker();
    assert!(poll_with(&mut waiter, &waker, 1).is_ready());
    assert_eq!((probe.clones(), probe.alive()), (1, 1));
}

#[test]
fn wakers_may_use_the_queue_and_other_waiters() {
    let semaphore = Semaphore::new();
    let probe = Probe::new();
    let [mut first, mut second, third] = waiters(&semaphore);
    assert!(poll_with(&mut first, &probe.waker(), 1).is_pending());
    assert!(!glance(&mut second, 1));
    let third = Mutex::new(Some(third));
    let polled = Arc::new(AtomicUsize::new(0));
    probe.on_wake({
        let (semaphore, polled, mut second) = (semaphore.clone(), polled.clone(), Some(second));
        move || {
            // The lock is free: ask, serve, join, drop.
            assert_eq!(semaphore.queue.len(), 1);
            semaphore.queue.serve(|_| false);
            let mut third = third.lock().unwrap().take().expect("woken once");
            assert!(!glance(&mut third, 1));
            drop(second.take());
            semaphore.give(1);
            assert!(glance(&mut third, 1));
            polled.fetch_add(1, Ordering::SeqCst);
        }
    });
    semaphore.give(1);
    assert_eq!((probe.wakes(), polled.load(Ordering::SeqCst)), (1, 1));
    assert!(glance(&mut first, 1));
    probe.clear();
}

#[test]
fn wakers_that_panic_keep_nobody_else_asleep_and_what_they_say_is_leaked() {
    let (semaphore, probe) = (Semaphore::new(), Probe::new());
    const MANY: usize = WakeBatch::SIZE * 3;
    let mut waiters = waiters::<MANY>(&semaphore);
    let panicking = [3, 4, WakeBatch::SIZE + 1, MANY - 2];
    for (index, waiter) in waiters.iter_mut().enumerate() {
        let mut waker = probe.waker();
        if panicking.contains(&index) {
            let probe = Probe::new();
            probe.on_wake(move || panic!("waker {index}"));
            waker = probe.waker();
        }
        assert!(poll_with(waiter, &waker, 1).is_pending());
    }
    let panic = catch_unwind(AssertUnwindSafe(|| semaphore.close())).unwrap_err();
    assert_eq!(panic.downcast_ref::<String>().unwrap(), "waker 3");
    assert_eq!(probe.wakes(), MANY - panicking.len());
    assert!(waiters.iter_mut().all(|waiter| glance(waiter, 1)));
}

#[test]
fn a_waker_that_panics_on_drop_leaves_the_list_in_order() {
    let (semaphore, probe) = (Semaphore::new(), Probe::new());
    let [mut first, mut second] = waiters(&semaphore);
    assert!(poll_with(&mut first, &probe.waker(), 1).is_pending());
    assert!(!glance(&mut second, 1));
    probe.on_drop(|| panic!("drop"));
    assert!(catch_unwind(AssertUnwindSafe(|| first.as_mut().leave())).is_err());
    assert!(!first.is_waiting());
    assert_eq!(semaphore.queue.len(), 1);
    drop(first);
    assert_eq!(semaphore.queue.len(), 1);
    semaphore.give(1);
    assert!(glance(&mut second, 1));
}

#[test]
fn a_waker_that_panics_on_clone_leaves_the_waiter_where_it_was() {
    let (semaphore, probe) = (Semaphore::new(), Probe::new());
    let [mut waiter] = waiters(&semaphore);
    let waker = probe.waker();
    for linked in [false, true] {
        assert_eq!(waiter.is_waiting(), linked);
        probe.on_clone(|| panic!("clone"));
        let polled = catch_unwind(AssertUnwindSafe(|| poll_with(&mut waiter, &waker, 1)));
        assert!(polled.is_err());
        assert_eq!(waiter.is_waiting(), linked);
        assert!(!glance(&mut waiter, 1));
    }
    semaphore.give(1);
    assert!(glance(&mut waiter, 1));
}

#[test]
fn a_serving_closure_that_panics_leaves_the_queue_in_order() {
    let (semaphore, probe) = (Semaphore::new(), Probe::new());
    let mut waiters = waiters::<2>(&semaphore);
    for waiter in &mut waiters {
        assert!(poll_with(waiter, &probe.waker(), 1).is_pending());
    }
    let mut calls = 0;
    let serve = || {
        semaphore.queue.serve(|ask| {
            calls += 1;
            assert!(calls < 2, "the second request");
            ask.has = ask.wants;
            true
        })
    };
    assert!(catch_unwind(AssertUnwindSafe(serve)).is_err());
    assert_eq!(probe.wakes(), 1, "the first was served, and is woken");
    assert!(!semaphore.queue.is_empty());
    semaphore.give(1);
    assert!(semaphore.queue.is_empty());
    assert!(waiters.iter_mut().all(|waiter| glance(waiter, 1)));
}

#[test]
fn a_queue_that_stands_alone_passes_on() {
    let queue = Arc::new(WaitQueue::<()>::new(0));
    let wait = |queue: &Arc<WaitQueue<()>>| Box::pin(Wait::new(queue.clone()));
    let poll = |wait: &mut Pin<Box<Wait<_>>>| {
        let mut cx = Context::from_waker(Waker::noop());
        let (request, nothing) = (|| (), |(): &mut ()| false);
        wait.as_mut()
            .poll_wait(&mut cx, Place::Back, 0, request, nothing, || {})
    };
    let (mut first, mut second, mut third) = (wait(&queue), wait(&queue), wait(&queue));
    for wait in [&mut first, &mut second, &mut third] {
        assert!(poll(wait).is_pending());
    }
    ().pass_on(&queue);
    assert_eq!(queue.len(), 2);
    drop(first);
    assert_eq!(
        queue.len(),
        1,
        "the first had been served, and passed it on"
    );
    drop(third);
    assert_eq!(queue.len(), 0, "the third had not");
    assert!(poll(&mut second).is_ready());

    // By reference, too.
    let mut by_reference = pin!(Wait::new(&*queue));
    let mut cx = Context::from_waker(Waker::noop());
    let polled = by_reference
        .as_mut()
        .poll_wait(&mut cx, Place::Back, 0, || (), |()| true, || {});
    assert!(polled.is_ready());
}

#[test]
fn positions_that_come_out_of_order_are_no_haste() {
    let mut list = List::<()>::new(0);
    for round in 1..1000 {
        // Two waiters that read their positions in one order and got the lock in the other.
        list.note_sleep(round * 2);
        list.note_sleep(round * 2 - 1);
        assert_eq!(list.pace.payer(), Payer::Both);
    }
}

#[test]
fn positions_far_apart_are_haste_however_far() {
    if !barrier::is_asymmetric() {
        return;
    }
    for far in [1 << 16, 1 << 31, (1 << 31) + 1, 3 << 30] {
        let mut list = List::<()>::new(0);
        list.note_sleep(far);
        assert_eq!(list.pace.payer(), Payer::Sleeper, "{far}");
        // One message a sleep, from there on.
        (1..=20).for_each(|more| list.note_sleep(far + more));
        assert_eq!(list.pace.payer(), Payer::Both, "{far}");
        list.note_sleep(2 * far);
        assert_eq!(list.pace.payer(), Payer::Sleeper, "{far}");
    }
}

#[test]
fn a_leaked_waiter_holds_its_place_and_no_more() {
    let semaphore = Semaphore::new();
    let [mut first, mut second] = waiters(&semaphore);
    assert!(!glance(&mut first, 1));
    assert!(!glance(&mut second, 1));
    let mut first = ManuallyDrop::new(first);
    semaphore.give(1);
    assert!(!glance(&mut second, 1));
    semaphore.give(1);
    assert!(glance(&mut second, 1));
    // It could still come back, and does for the leak checker's sake.
    assert!(glance(&mut first, 1));
    drop(ManuallyDrop::into_inner(first));
}
