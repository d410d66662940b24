//! Models of the list. A block has two slots here and the first one only one, so that three messages cross two
//! borders. Each model names changes that make it fail.

use ::loom::thread::JoinHandle;
use aqueduct_core::model::{bounded, race_bounded, spawn, spawn_both};
use aqueduct_core::sync::{Arc, AtomicBool, AtomicUsize, fence};

use super::super::*;

/// Enough for every change named below to be found, and few enough for a minute.
const PREEMPTIONS: usize = 2;

fn model(run: impl Fn() + Send + Sync + 'static) {
    race_bounded(PREEMPTIONS, run);
}

/// A message that owns memory and belongs to a producer.
type Message = Box<(usize, usize)>;

fn producer(list: &Arc<List<Message>>, id: usize, count: usize) -> impl FnOnce() -> usize + use<> {
    let list = list.clone();
    move || {
        (0..count)
            .take_while(|i| list.push(Box::new((id, *i)), |_| {}).is_ok())
            .count()
    }
}

fn produce(list: &Arc<List<Message>>, id: usize, count: usize) -> JoinHandle<usize> {
    spawn(producer(list, id, count))
}

fn batch_producer(
    list: &Arc<List<Message>>,
    id: usize,
    count: usize,
) -> impl FnOnce() -> usize + use<> {
    let list = list.clone();
    move || {
        let mut batch = (0..count).map(|i| Box::new((id, i))).collect();
        let pushed = list.push_many(&mut batch);
        assert_eq!(pushed.is_ok(), batch.is_empty());
        count - batch.len()
    }
}

fn closer(list: &Arc<List<Message>>) -> impl FnOnce() -> bool + use<> {
    let list = list.clone();
    move || list.close()
}

fn looker(
    list: &Arc<List<Message>>,
    times: usize,
    alone: bool,
) -> impl FnOnce() -> Vec<Message> + use<> {
    let list = list.clone();
    move || look(&list, times, alone)
}

/// Looks so many times for a message, without waiting for one: a loop that waits has too many interleavings. Each
/// producer's messages must come in order.
fn look(list: &List<Message>, times: usize, alone: bool) -> Vec<Message> {
    let found: Vec<_> = (0..times)
        .filter_map(|_| {
            let popped = if alone {
                // SAFETY: each model that says so has one consumer at a time.
                unsafe { list.sole() }.pop()
            } else {
                list.pop()
            };
            match popped {
                Pop::Value(message) => Some(message),
                Pop::Empty | Pop::Lagging | Pop::Ended => None,
            }
        })
        .collect();
    for id in 0..2 {
        let numbers = found.iter().filter(|m| m.0 == id).map(|m| m.1);
        assert!(numbers.is_sorted(), "out of order");
    }
    found
}

/// Takes all that is left, once the producers are gone, and checks that each producer's messages came in order and
/// without a gap.
fn drain(list: &List<Message>, mut found: Vec<Message>, sent: [usize; 2]) {
    let closed = list.is_closed();
    loop {
        match list.pop() {
            Pop::Value(message) => found.push(message),
            Pop::Empty if !closed => break,
            Pop::Ended if closed => break,
            other => panic!("{other:?}"),
        }
    }
    for (id, sent) in sent.into_iter().enumerate() {
        let numbers = found.iter().filter(|m| m.0 == id).map(|m| m.1);
        assert!(numbers.eq(0..sent));
    }
    let all = sent.iter().sum::<usize>() as u64;
    assert_eq!((list.sent(), list.received()), (all, all));
}

/// Fails if a mark is not Release or not Acquire, if the mark of the last slot comes before `extend`, if `open` is not
/// Release or `claim` not Acquire, or if a spare goes in or out without Release or Acquire.
#[test]
fn two_producers_and_a_consumer() {
    fn run(counts: [usize; 2], looks: usize) {
        let list = Arc::new(List::new());
        let [first, second] = [0, 1].map(|id| producer(&list, id, counts[id]));
        let producers = spawn_both(first, second);
        let found = look(&list, looks, true);
        let sent = [producers.0, producers.1].map(|p| p.join().unwrap());
        assert_eq!(sent, counts);
        drain(&list, found, sent);
    }

    // The threads of the long one begin in one order only: each order is minutes.
    bounded(PREEMPTIONS, || run([3, 2], 4));
    model(|| run([2, 1], 2));
}

/// A producer that can be stopped between its claim and its look at `chain`.
///
/// `push` with a read-modify-write between the two, which all producers do: loom reorders two accesses only if no
/// other access to the same place is between them, and of `chain`, which who extends has read before, it would never
/// find out that another producer's look can come after.
fn produce_stopping(
    list: &Arc<List<Message>>,
    stop: &Arc<AtomicUsize>,
    id: usize,
    count: usize,
) -> JoinHandle<usize> {
    let (list, stop) = (list.clone(), stop.clone());
    spawn(move || {
        for number in 0..count {
            let place = loop {
                match list.tail.claim(|_| {}) {
                    word::Claim::Slot(place) => break place,
                    word::Claim::Full(lap) => list.tail.wait_past(lap),
                    word::Claim::Closed => return number,
                }
            };
            stop.fetch_add(1, Ordering::Relaxed);
            // SAFETY: just claimed.
            unsafe { list.fill(place, Box::new((id, number))) };
        }
        count
    })
}

/// Fails if `block_of` does not walk back or loads without Acquire, or if `extend` publishes the block without
/// Release, or the lap after the block.
#[test]
fn a_producer_looks_after_another_one_has_extended() {
    model(|| {
        let list = Arc::new(List::new());
        let stop = Arc::new(AtomicUsize::new(0));
        let producers = [(0, 2), (1, 2)].map(|(id, n)| produce_stopping(&list, &stop, id, n));
        let found = look(&list, 1, true);
        let sent = producers.map(|p| p.join().unwrap());
        assert_eq!(sent, [2, 2]);
        drain(&list, found, sent);
    });
}

/// Many blocks of one producer. Fails if a block is not cleared, or taken from the spares without a swap.
#[test]
fn blocks_are_used_again() {
    model(|| {
        let list = Arc::new(List::new());
        let producer = produce(&list, 0, 5);
        let found = look(&list, 4, true);
        let sent = producer.join().unwrap();
        drain(&list, found, [sent, 0]);
    });
}

/// Fails if `close` writes the end after the mark, or the last attempt's instead of the maximum, or if
/// `open` takes the mark away.
#[test]
fn closing_is_exact() {
    model(|| {
        let list = Arc::new(List::new());
        let (producer, closer) = spawn_both(producer(&list, 0, 3), closer(&list));
        let first = list.close();
        let found = look(&list, 3, true);
        assert!(closer.join().unwrap() != first, "one of the two closed it");
        let sent = producer.join().unwrap();
        drain(&list, found, [sent, 0]);
    });
}

/// [`Pop::Ended`] means that nothing will come. Fails if `close` is without Release or `end` without Acquire, or if what
/// lags is not looked for.
#[test]
fn closed_is_the_end() {
    model(|| {
        let list = Arc::new(List::new());
        let other = produce(&list, 0, 1);
        let (producer, closer) = spawn_both(producer(&list, 1, 1), closer(&list));
        let mut count = 0;
        let mut ended = false;
        for _ in 0..3 {
            // SAFETY: one consumer.
            match unsafe { list.sole() }.pop() {
                Pop::Value(_) => {
                    assert!(!ended);
                    count += 1;
                }
                Pop::Ended => ended = true,
                Pop::Empty | Pop::Lagging => assert!(!ended),
            }
        }
        closer.join().unwrap();
        let sent = other.join().unwrap() + producer.join().unwrap();
        assert!(if ended { sent == count } else { sent >= count });
    });
}

/// Fails if a turn is taken without Acquire or ended without Release, or not waited for.
#[test]
fn consumers_take_turns() {
    model(|| {
        let list = Arc::new(List::new());
        let (producer, other) = spawn_both(producer(&list, 0, 3), looker(&list, 1, false));
        let mut found = look(&list, 2, false);
        let sent = producer.join().unwrap();
        found.extend(other.join().unwrap());
        found.sort();
        drain(&list, found, [sent, 0]);
    });
}

/// Fails if a batch marks before it extends, or claims without Acquire.
#[test]
fn batches_and_single_messages() {
    model(|| {
        let list = Arc::new(List::new());
        let (batch, single) = spawn_both(batch_producer(&list, 0, 3), producer(&list, 1, 1));
        let mut found = look(&list, 1, true);
        // SAFETY: one consumer.
        unsafe { list.sole() }.pop_many(&mut found, 3);
        let sent = [batch.join().unwrap(), single.join().unwrap()];
        assert_eq!(sent, [3, 1]);
        drain(&list, found, sent);
    });
}

/// What was refused stays in the batch, what was not is received.
#[test]
fn a_batch_is_cut_by_closing() {
    model(|| {
        let list = Arc::new(List::new());
        let batch = spawn(batch_producer(&list, 0, 4));
        let mut found = look(&list, 1, false);
        list.close();
        list.pop_many(&mut found, 2);
        let sent = batch.join().unwrap();
        drain(&list, found, [sent, 0]);
    });
}

/// Counts its drops.
struct Drops(Arc<AtomicUsize>);

impl Drop for Drops {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Whoever drops the list last drops what is left, once. loom finds leaked atomics and blocks by itself.
#[test]
fn what_is_left_is_dropped_once() {
    model(|| {
        let drops = Arc::new(AtomicUsize::new(0));
        let list = Arc::new(List::new());
        let producers = [0, 1].map(|_| {
            let (list, drops) = (list.clone(), drops.clone());
            spawn(move || {
                for _ in 0..2 {
                    assert!(list.push(Drops(drops.clone()), |_| {}).is_ok());
                }
            })
        });
        drop(list.pop());
        drop(list);
        for producer in producers {
            producer.join().unwrap();
        }
        assert_eq!(drops.load(Ordering::Relaxed), 4);
    });
}

/// Fails if `len` reads the tail before the head, or the position is not Release or not Acquire.
#[test]
fn counts_are_never_absurd() {
    model(|| {
        let list = Arc::new(List::new());
        let (producer, consumer) = spawn_both(producer(&list, 0, 2), looker(&list, 2, true));
        let len = list.len();
        assert!(len <= 2, "{len}");
        let received = list.received();
        let sent = list.sent();
        assert!(received <= sent && sent <= 2, "{received} of {sent}");
        producer.join().unwrap();
        consumer.join().unwrap();
    });
}

/// What the channels build on: whoever sleeps after it found nothing (empty, or lagging) is woken, if each producer
/// looks for sleepers after `push`. Fails if `push` returns before its slot is marked.
#[test]
fn a_producer_that_notifies_after_push_is_enough() {
    model(|| {
        let list = Arc::new(List::new());
        let armed = Arc::new(AtomicBool::new(false));
        let wakes = Arc::new(AtomicUsize::new(0));
        let producers = [0, 1].map(|id| {
            let (list, armed, wakes) = (list.clone(), armed.clone(), wakes.clone());
            spawn(move || {
                list.push(Box::new((id, 0)), |_| {}).unwrap();
                fence(Ordering::SeqCst); // pairs with the consumer's
                if armed.load(Ordering::Relaxed) {
                    wakes.fetch_add(1, Ordering::Relaxed);
                }
            })
        });
        armed.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst); // pairs with the producers'
        // SAFETY: one consumer.
        let found = matches!(unsafe { list.sole() }.pop(), Pop::Value(_));
        for producer in producers {
            producer.join().unwrap();
        }
        assert!(
            found || wakes.load(Ordering::Relaxed) > 0,
            "asleep for ever"
        );
    });
}
