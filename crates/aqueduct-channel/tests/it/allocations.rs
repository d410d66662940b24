//! What waiting costs in allocations: nothing, after the first time. And that what is refused leaves none behind.
//!
//! I1. The allocator is the system's; counting touches a thread-local without destructor, which allocates nothing.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::panic::{UnwindSafe, catch_unwind, set_hook, take_hook};
use std::pin::Pin;
use std::task::{Context, Waker};

use aqueduct_channel::{Overflow, Select, broadcast, mpmc, mpsc, spmc, spsc};
use futures_util::Sink;

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
    static FREED: Cell<usize> = const { Cell::new(0) };
}

#[global_allocator]
static COUNTING: Counting = Counting;

// SAFETY: I1: all calls go on to the system's allocator as they came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: I1, as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        FREED.set(FREED.get() + 1);
        // SAFETY: I1, as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// Runs `round` once to warm up, and then a hundred times without an allocation.
fn allocates_once(mut round: impl FnMut()) {
    round();
    let before = ALLOCATIONS.get();
    (0..100).for_each(|_| round());
    assert_eq!(ALLOCATIONS.get() - before, 0);
}

/// Runs `round` once to warm up, and then a hundred times. Says how many allocations these have left behind.
fn left_behind(mut round: impl FnMut()) -> usize {
    round();
    // Threads also free what others have allocated.
    let alive = || ALLOCATIONS.get().wrapping_sub(FREED.get());
    let before = alive();
    (0..100).for_each(|_| round());
    alive().wrapping_sub(before)
}

#[test]
fn what_a_builder_refuses() {
    fn panics<R>(build: impl FnOnce() -> R + UnwindSafe) {
        assert!(catch_unwind(build).is_err());
    }

    thread_local! {
        static QUIET: Cell<bool> = const { Cell::new(false) };
    }
    // A backtrace is printed with the help of caches.
    let print = take_hook();
    set_hook(Box::new(move |info| {
        if !QUIET.get() {
            print(info);
        }
    }));
    QUIET.set(true);
    let left = left_behind(|| {
        panics(|| {
            mpsc::Builder::<u8>::new(1)
                .overflow(Overflow::DropOldest)
                .build()
        });
        panics(|| {
            spsc::Builder::<u8>::new(1)
                .overflow(Overflow::DropOldest)
                .build()
        });
        panics(|| {
            mpmc::Builder::<u8>::new(1)
                .overflow(Overflow::Spill)
                .build()
        });
        panics(|| {
            spmc::Builder::<u8>::new(1)
                .overflow(Overflow::Spill)
                .build()
        });
    });
    QUIET.set(false);
    assert_eq!(left, 0);
}

#[test]
fn selecting() {
    let (own, mut own_rx) = mpsc::channel(1);
    let (mut sole, mut sole_rx) = spsc::channel(1);
    let (shared, shared_rx) = mpmc::channel(1);
    let (unbounded, unbounded_rx) = mpmc::unbounded_channel();
    let (meeting, meeting_rx) = mpmc::rendezvous();
    let (room, mut room_rx) = mpsc::channel(1);
    room.try_send(0).unwrap();
    let mut select = Select::new();
    select.recv(&mut own_rx, Option::unwrap);
    select.recv(&mut sole_rx, Option::unwrap);
    select.recv(&shared_rx, Option::unwrap);
    select.recv(&unbounded_rx, Option::unwrap);
    select.recv(&meeting_rx, Option::unwrap);
    select.reserve(&room, |permit| {
        permit.unwrap().send(6);
        6
    });
    let mut cx = Context::from_waker(Waker::noop());
    // Sending without bound may itself allocate, so that case only waits.
    allocates_once(|| {
        for event in [1, 2, 3, 5, 6] {
            assert!(select.poll_select(&mut cx).is_pending());
            match event {
                1 => own.try_send(1).unwrap(),
                2 => sole.try_send(2).unwrap(),
                3 => shared.try_send(3).unwrap(),
                5 => meeting.try_send(5).unwrap(),
                _ => drop(room_rx.try_recv()),
            }
            assert_eq!(select.try_poll(&mut cx), Some(event));
        }
    });
    unbounded.send(4).unwrap();
    assert_eq!(select.try_poll(&mut cx), Some(4));
}

trait TryPoll<O> {
    fn try_poll(&mut self, cx: &mut Context<'_>) -> Option<O>;
}

impl<O> TryPoll<O> for Select<'_, O> {
    fn try_poll(&mut self, cx: &mut Context<'_>) -> Option<O> {
        match self.poll_select(cx) {
            std::task::Poll::Ready(event) => event,
            std::task::Poll::Pending => None,
        }
    }
}

#[test]
fn a_sink_in_line() {
    let (tx, mut rx) = mpsc::channel(1);
    tx.try_send(0).unwrap();
    let mut sink = tx.into_sink();
    let mut cx = Context::from_waker(Waker::noop());
    allocates_once(|| {
        assert!(Pin::new(&mut sink).poll_ready(&mut cx).is_pending());
        rx.try_recv().unwrap();
        assert!(Pin::new(&mut sink).poll_ready(&mut cx).is_ready());
        Pin::new(&mut sink).start_send(1).unwrap();
    });
}

/// Also when it goes from one segment to the next.
#[test]
fn a_broadcast() {
    let (tx, mut rx) = broadcast::channel(16);
    let mut other = tx.subscribe();
    let mut cx = Context::from_waker(Waker::noop());
    let mut round = || {
        assert!(rx.poll_recv(&mut cx).is_pending());
        assert!(other.poll_recv(&mut cx).is_pending());
        for n in 0..10 {
            tx.send(n).unwrap();
        }
        for n in 0..10 {
            assert_eq!(rx.try_recv(), Ok(n));
            assert_eq!(other.try_recv(), Ok(n));
        }
    };
    // Until it has had its largest backlog at each place in a segment.
    (0..4).for_each(|_| round());
    allocates_once(round);
}

#[test]
fn a_rendezvous() {
    let (tx, mut rx) = mpmc::rendezvous();
    let mut cx = Context::from_waker(Waker::noop());
    allocates_once(|| {
        assert!(rx.poll_recv(&mut cx).is_pending());
        tx.try_send(1).unwrap();
        assert!(rx.poll_recv(&mut cx).is_ready());
        {
            let mut send = std::pin::pin!(tx.send(2));
            assert!(send.as_mut().poll(&mut cx).is_pending());
            assert_eq!(rx.try_recv(), Ok(2));
            assert!(send.as_mut().poll(&mut cx).is_ready());
        }
    });
}
