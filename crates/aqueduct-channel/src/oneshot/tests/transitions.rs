//! Every state against every event, and the words between them.

use super::super::state::Verdict::{Last, Stay, To};
use super::super::state::{Side, State};

fn open_words() -> [State; 4] {
    let waits = State::OPEN.waiting(Side::Receiver);
    [
        State::OPEN,
        waits,
        State::OPEN.waiting(Side::Sender),
        waits.waiting(Side::Sender).not_waiting(Side::Receiver),
    ]
}

#[test]
fn every_open_word_ends_by_any_event() {
    for open in open_words() {
        assert!(open.is_open());
        assert_eq!(open.on_send(), To(State::SENT));
        assert_eq!(open.on_sender_leaving(), To(State::UNSENT));
        assert_eq!(open.on_close(), To(State::CLOSED));
        assert_eq!(open.on_receiver_leaving(), To(State::DEAF));
    }
}

#[test]
fn what_follows_a_close() {
    assert_eq!(State::CLOSED.on_send(), Stay);
    assert_eq!(State::CLOSED.on_sender_leaving(), To(State::UNSENT));
    assert_eq!(State::CLOSED.on_close(), Stay);
    assert_eq!(State::CLOSED.on_receiver_leaving(), To(State::DEAF));
}

#[test]
fn who_comes_second_is_the_last() {
    for gone in [State::SENT, State::UNSENT] {
        assert_eq!(gone.on_close(), Stay);
        assert_eq!(gone.on_receiver_leaving(), Last);
    }
    assert_eq!(State::DEAF.on_send(), Stay);
    assert_eq!(State::DEAF.on_sender_leaving(), Last);
}

#[test]
fn only_open_words_wait() {
    for over in [State::CLOSED, State::SENT, State::UNSENT, State::DEAF] {
        assert!(!over.is_open());
        assert!(!over.waits(Side::Receiver) && !over.waits(Side::Sender));
    }
}

#[test]
fn no_open_word_comes_twice() {
    let mut seen = vec![State::OPEN];
    let mut word = State::OPEN;
    for turn in 0..100 {
        let side = [Side::Receiver, Side::Sender][turn / 3 % 2];
        word = if word.waits(side) {
            word.not_waiting(side)
        } else {
            word.waiting(side)
        };
        assert!(word.is_open() && !seen.contains(&word), "{turn}");
        seen.push(word);
    }
}
