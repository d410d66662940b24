//! Models of the list. A block has two slots here and the first one only one, so that three messages cross two
//! borders. Each model names changes that make it fail.

use ::loom::model::Builder;
use ::loom::thread;

use aqueduct_core::sync::{Arc, AtomicBool, AtomicUsize, fence, yield_now};

use super::super::*;

fn model(preemptions: usize, run: impl Fn() + Send + Sync + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(run);
}

/// A message that owns memory and belongs to a producer.
type Message = Box<(usize, usize)>;

fn produce(list: &Arc<List<Message>>, id: usize, count: usize) -> thread::JoinHandle<usize> {
    let list = list.clone();
    thread::spawn(move || {
        (0..count)
            .take_while(|i| list.push(Box::new((id, *i))).is_ok())
            .count()
    })
}

fn produce_batch(list: &Arc<List<Message>>, id: usize, count: usize) -> thread::JoinHandle<usize> {
    let list = list.clone();
    thread::spawn(move || {
        let mut batch = (0..count).map(|i| Box::new((id, i))).collect();
        let pushed = list.push_many(&mut batch);
        assert_eq!(pushed.is_ok(), batch.is_empty());
        count - batch.len()
    })
}

/// Takes until `count` messages came or the list is closed and drained; each producer's come in order.
fn consume(list: &List<Message>, count: usize, alone: bool) -> usize {
    let mut seen = [0; 2];
    for received in 0..count {
        let message = loop {
            let popped = if alone {
                // SAFETY: each model that says so has one consumer.
                unsafe { list.sole() }.pop()
            } else {
                list.pop()
            };
            match popped {
                Pop::Value(message) => break message,
                Pop::Empty | Pop::Lagging => yield_now(),
                Pop::Closed => return received,
            }
        };
        let (id, number) = *message;
        assert!(number >= seen[id], "out of order");
        assert!(!alone || number == seen[id], "one is missing");
        seen[id] = number + 1;
    }
    count
}

/// Fails if a mark is not Release or not Acquire, if the mark of the last slot comes before `extend`, if `open` is not
/// Release or `claim` not Acquire, if `block_of` does not walk back or loads without Acquire, or if `extend` stores
/// the lap after the block.
#[test]
fn two_producers_and_a_consumer() {
    model(3, || {
        let list = Arc::new(List::new());
        let producers = [produce(&list, 0, 3), produce(&list, 1, 2)];
        assert_eq!(consume(&list, 5, true), 5);
        producers.map(|p| p.join().unwrap());
        assert!(matches!(list.pop(), Pop::Empty));
    });
}

/// One producer after another through recycled blocks. Fails if the spares go in or out without Release or Acquire,
/// or if a block is not cleared.
#[test]
fn blocks_are_used_again() {
    model(3, || {
        let list = Arc::new(List::new());
        let producer = produce(&list, 0, 7);
        assert_eq!(consume(&list, 7, true), 7);
        producer.join().unwrap();
    });
}

/// Fails if `close` writes the end after the mark, or takes the last attempt's instead of the maximum, if `end` is
/// without Acquire, or if `open` takes the mark away.
#[test]
fn closing_is_exact() {
    model(3, || {
        let list = Arc::new(List::new());
        let producer = produce(&list, 0, 3);
        let closers = [list.clone(), list.clone()].map(|list| thread::spawn(move || list.close()));
        let received = consume(&list, 4, true);
        assert_eq!(producer.join().unwrap(), received);
        assert_eq!(
            closers
                .map(|c| c.join().unwrap())
                .into_iter()
                .filter(|first| *first)
                .count(),
            1
        );
        assert!(matches!(list.pop(), Pop::Closed));
        assert_eq!(list.sent(), received as u64);
    });
}

/// Fails if a turn is taken without Acquire or ended without Release, or not waited for.
#[test]
fn consumers_take_turns() {
    model(3, || {
        let list = Arc::new(List::new());
        let consumer = thread::spawn({
            let list = list.clone();
            move || consume(&list, 4, false)
        });
        let producer = produce(&list, 0, 3);
        let here = consume(&list, 1, false);
        assert_eq!(producer.join().unwrap(), 3);
        list.close();
        assert_eq!(consumer.join().unwrap() + here, 3);
    });
}

/// Fails if a batch marks before it extends, or claims more than a block has.
#[test]
fn batches_and_single_messages() {
    model(3, || {
        let list = Arc::new(List::new());
        let batch = produce_batch(&list, 0, 4);
        let single = produce(&list, 1, 2);
        assert_eq!(consume(&list, 6, true), 6);
        assert_eq!((batch.join().unwrap(), single.join().unwrap()), (4, 2));
    });
}

/// What was refused stays in the batch, what was not is received.
#[test]
fn a_batch_is_cut_by_closing() {
    model(3, || {
        let list = Arc::new(List::new());
        let batch = produce_batch(&list, 0, 4);
        list.close();
        let mut received = Vec::new();
        loop {
            list.pop_many(&mut received, 10);
            match list.pop() {
                Pop::Value(message) => received.push(message),
                Pop::Empty | Pop::Lagging => yield_now(),
                Pop::Closed => break,
            }
        }
        assert_eq!(received.len(), batch.join().unwrap());
        assert!(received.iter().enumerate().all(|(i, m)| m.1 == i));
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
    model(3, || {
        let drops = Arc::new(AtomicUsize::new(0));
        let list = Arc::new(List::new());
        let producers = [0, 1].map(|_| {
            let (list, drops) = (list.clone(), drops.clone());
            thread::spawn(move || {
                for _ in 0..2 {
                    assert!(list.push(Drops(drops.clone())).is_ok());
                }
            })
        });
        drop(list.pop());
        drop(list);
        producers.map(|p| p.join().unwrap());
        assert_eq!(drops.load(Ordering::Relaxed), 4);
    });
}

/// Fails if `len` reads the tail before the head.
#[test]
fn counts_are_never_absurd() {
    model(3, || {
        let list = Arc::new(List::new());
        let producer = produce(&list, 0, 2);
        let consumer = thread::spawn({
            let list = list.clone();
            move || consume(&list, 2, true)
        });
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
    model(3, || {
        let list = Arc::new(List::new());
        let armed = Arc::new(AtomicBool::new(false));
        let wakes = Arc::new(AtomicUsize::new(0));
        let producers = [0, 1].map(|id| {
            let (list, armed, wakes) = (list.clone(), armed.clone(), wakes.clone());
            thread::spawn(move || {
                list.push(Box::new((id, 0))).unwrap();
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
        producers.map(|p| p.join().unwrap());
        assert!(
            found || wakes.load(Ordering::Relaxed) > 0,
            "asleep for ever"
        );
    });
}
