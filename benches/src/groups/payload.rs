//! Messages larger than a word: what moving them costs.

use super::pump::Pump;
use crate::channel::{Ends, Message};
use crate::entrants;
use crate::harness::Bench;
use crate::harness::runtime::Rt;

pub(crate) fn benches() -> Vec<Bench> {
    vec![spsc::<8>(), spsc::<32>(), spsc::<128>()]
}

fn spsc<const WORDS: usize>() -> Bench {
    let (bytes, rt) = (size_of::<Words<WORDS>>(), Rt::MultiThread);
    let about = format!("one sender, one receiver, capacity 1024, messages of {bytes} bytes");
    let group = format!("spsc_1024_{bytes}B_{rt}");
    let mut pump = Pump::<Words<WORDS>>::new(group, &about, rt, Ends::pair(1024));
    entrants::spsc(&mut pump);
    pump.bench()
}

/// A message of `WORDS` words, all written when it is made, the first and the last read when it has come.
#[derive(Clone)]
struct Words<const WORDS: usize>([u64; WORDS]);

impl<const WORDS: usize> Default for Words<WORDS> {
    fn default() -> Self {
        Words([0; WORDS])
    }
}

impl<const WORDS: usize> Message for Words<WORDS> {
    #[inline]
    fn new(number: usize) -> Self {
        Words([number as u64; WORDS])
    }

    #[inline]
    fn number(&self) -> usize {
        let [first, .., last] = &self.0[..] else {
            unreachable!("a message has several words")
        };
        assert_eq!(first, last, "the message arrived whole");
        *first as usize
    }
}
