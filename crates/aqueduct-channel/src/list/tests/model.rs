//! One thread against `VecDeque`: any sequence of calls gives the same answers.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::super::*;

#[derive(Clone, Debug)]
enum Call {
    Push(usize),
    PushMany(usize),
    Pop(usize),
    PopTurn,
    PopMany(usize),
    PopManyTurn(usize),
    Shrink,
    Close,
}

fn call() -> impl Strategy<Value = Call> {
    prop_oneof![
        8 => (1..40_usize).prop_map(Call::Push),
        4 => (0..100_usize).prop_map(Call::PushMany),
        8 => (1..40_usize).prop_map(Call::Pop),
        4 => Just(Call::PopTurn),
        4 => (0..100_usize).prop_map(Call::PopMany),
        4 => (0..100_usize).prop_map(Call::PopManyTurn),
        1 => Just(Call::Shrink),
        1 => prop_oneof![9 => Just(Call::Shrink), 1 => Just(Call::Close)],
    ]
}

/// The list, what it should be, and the next message.
struct Pair {
    list: List<Box<u64>>,
    queue: VecDeque<u64>,
    closed: bool,
    sent: u64,
    received: u64,
}

impl Pair {
    fn push(&mut self) {
        let message = self.sent;
        let pushed = self.list.push(Box::new(message), |_| {});
        if self.closed {
            assert_eq!(*pushed.unwrap_err(), message);
        } else {
            pushed.unwrap();
            self.queue.push_back(message);
            self.sent += 1;
        }
    }

    fn push_many(&mut self, count: usize) {
        let messages: Vec<u64> = (self.sent..).take(count).collect();
        let mut batch = messages.iter().copied().map(Box::new).collect();
        let pushed = self.list.push_many(&mut batch);
        if self.closed && count > 0 {
            assert_eq!(pushed, Err(Closed));
            assert!(batch.into_iter().map(|m| *m).eq(messages));
        } else {
            assert_eq!((pushed, batch.len()), (Ok(()), 0));
            self.queue.extend(messages);
            self.sent += count as u64;
        }
    }

    fn popped(&mut self, popped: Pop<Box<u64>>) {
        match (self.queue.pop_front(), popped) {
            (Some(want), Pop::Value(got)) => {
                assert_eq!(want, *got);
                self.received += 1;
            }
            (None, Pop::Empty) => assert!(!self.closed),
            (None, Pop::Ended) => assert!(self.closed),
            (want, got) => panic!("{got:?} instead of {want:?}"),
        }
    }

    fn popped_many(&mut self, count: usize, got: &[Box<u64>], limit: usize) {
        assert_eq!(count, limit.min(self.queue.len()));
        assert_eq!(count, got.len());
        assert!(got.iter().map(|m| **m).eq(self.queue.drain(..count)));
        self.received += count as u64;
    }

    fn step(&mut self, call: &Call) {
        let mut into = Vec::new();
        match *call {
            Call::Push(times) => (0..times).for_each(|_| self.push()),
            Call::PushMany(count) => self.push_many(count),
            Call::Pop(times) => {
                for _ in 0..times {
                    // SAFETY: one thread.
                    let popped = unsafe { self.list.sole() }.pop();
                    self.popped(popped);
                }
            }
            Call::PopTurn => {
                let popped = self.list.pop();
                self.popped(popped);
            }
            Call::PopMany(limit) => {
                // SAFETY: one thread.
                let count = unsafe { self.list.sole() }.pop_many(&mut into, limit);
                self.popped_many(count, &into, limit);
            }
            Call::PopManyTurn(limit) => {
                let count = self.list.pop_many(&mut into, limit);
                self.popped_many(count, &into, limit);
            }
            Call::Shrink => self.list.shrink(),
            Call::Close => {
                assert_eq!(self.list.close(), !self.closed);
                self.closed = true;
            }
        }
        assert_eq!(self.list.len(), self.queue.len());
        assert_eq!(self.list.len() == 0, self.queue.is_empty());
        assert_eq!(self.list.is_closed(), self.closed);
        assert_eq!(self.list.sent(), self.sent);
        assert_eq!(self.list.received(), self.received);
    }
}

proptest! {
    #[test]
    fn behaves_like_a_deque(calls in prop::collection::vec(call(), 1..60)) {
        let mut pair = Pair {
            list: List::new(),
            queue: VecDeque::new(),
            closed: false,
            sent: 0,
            received: 0,
        };
        calls.iter().for_each(|call| pair.step(call));
    }
}
