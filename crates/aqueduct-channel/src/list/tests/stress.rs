//! Many threads: every message comes out once, in its producer's order, and is dropped once.

use std::sync::atomic::AtomicUsize;
use std::thread;

use super::super::*;

const PRODUCERS: usize = 4;
const EACH: usize = if cfg!(debug_assertions) {
    20_000
} else {
    200_000
};

static CREATED: AtomicUsize = AtomicUsize::new(0);
static DROPPED: AtomicUsize = AtomicUsize::new(0);

/// A producer's message, counted.
struct Message {
    producer: usize,
    number: usize,
    /// So that the leak and address sanitizers watch each one.
    _heap: Box<usize>,
}

impl Message {
    fn new(producer: usize, number: usize) -> Self {
        CREATED.fetch_add(1, Ordering::Relaxed);
        Self {
            producer,
            number,
            _heap: Box::new(number),
        }
    }
}

impl Drop for Message {
    fn drop(&mut self) {
        DROPPED.fetch_add(1, Ordering::Relaxed);
    }
}

/// Sends until it is refused, and returns how many were not.
fn produce(list: &List<Message>, producer: usize) -> usize {
    let mut sent = 0;
    while sent < EACH {
        if sent % 1000 < 700 {
            if list.push(Message::new(producer, sent), |_| {}).is_err() {
                return sent;
            }
            sent += 1;
        } else {
            let count = (sent % 90 + 1).min(EACH - sent);
            let mut batch = (sent..sent + count)
                .map(|number| Message::new(producer, number))
                .collect();
            let pushed = list.push_many(&mut batch);
            sent += count - batch.len();
            if pushed.is_err() {
                return sent;
            }
        }
        if sent % 4096 == 0 {
            thread::yield_now();
        }
    }
    sent
}

/// Notes a message; each producer's must come in order.
fn note(seen: &mut [usize; PRODUCERS], message: &Message, gaps: bool) {
    let next = &mut seen[message.producer];
    assert!(message.number >= *next, "out of order");
    assert!(gaps || message.number == *next, "one is missing");
    *next = message.number + 1;
}

/// Takes until the list is closed and drained, by ones and by batches, and returns how many.
fn consume(list: &List<Message>, alone: bool, until: usize) -> usize {
    let mut seen = [0; PRODUCERS];
    let mut count = 0;
    let mut batch = Vec::new();
    while count < until {
        if count % 7 == 0 {
            if alone {
                // SAFETY: the caller says that there is no other consumer.
                unsafe { list.sole() }.pop_many(&mut batch, 50)
            } else {
                list.pop_many(&mut batch, 50)
            };
        }
        count += batch.len();
        batch.drain(..).for_each(|m| note(&mut seen, &m, !alone));
        let popped = if alone {
            // SAFETY: as above.
            unsafe { list.sole() }.pop()
        } else {
            list.pop()
        };
        match popped {
            Pop::Value(message) => {
                note(&mut seen, &message, !alone);
                count += 1;
            }
            Pop::Empty | Pop::Lagging => thread::yield_now(),
            Pop::Ended => break,
        }
    }
    count
}

/// Runs producers and consumers, closes after so many messages were seen, and returns (sent, received).
fn run(list: &List<Message>, consumers: usize, close_after: usize) -> (usize, usize) {
    thread::scope(|scope| {
        let producers: Vec<_> = (0..PRODUCERS)
            .map(|id| scope.spawn(move || produce(list, id)))
            .collect();
        let consumers: Vec<_> = (0..consumers)
            .map(|_| scope.spawn(move || consume(list, consumers == 1, usize::MAX)))
            .collect();
        scope.spawn(move || {
            while list.sent() < close_after as u64 {
                assert!(list.received() <= list.sent());
                thread::yield_now();
            }
            assert!(list.close());
        });
        let sum = |threads: Vec<thread::ScopedJoinHandle<'_, usize>>| {
            threads.into_iter().map(|t| t.join().unwrap()).sum()
        };
        (sum(producers), sum(consumers))
    })
}

#[test]
fn nothing_is_lost_twice_or_late() {
    let all = PRODUCERS * EACH;
    for consumers in [1, 3] {
        for close_after in [all, all / 2, all / 3, 100, 0] {
            let list = List::new();
            let (sent, received) = run(&list, consumers, close_after);
            assert_eq!(sent, received);
            assert_eq!((list.sent(), list.received()), (sent as u64, sent as u64));
            assert!(sent >= close_after);
        }
        // Left inside: the list drops them.
        let list = List::new();
        thread::scope(|scope| {
            (0..PRODUCERS).for_each(|id| {
                drop(scope.spawn({
                    let list = &list;
                    move || produce(list, id)
                }))
            });
            assert!(consume(&list, true, all / 3) >= all / 3);
        });
        assert_ne!(list.len(), 0);
    }
    assert_eq!(
        CREATED.load(Ordering::Relaxed),
        DROPPED.load(Ordering::Relaxed)
    );
}
