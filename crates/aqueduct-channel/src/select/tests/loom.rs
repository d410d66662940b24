//! Models of the set. Each names the line whose removal makes it fail.
//!
//! A lost wake-up shows as a deadlock.

use std::future::poll_fn;
use std::task::{Context, Waker};

use aqueduct_core::barrier::Pace;
use aqueduct_core::model::{block_on, race_bounded, spawn};
use aqueduct_core::sync::Arc;

use super::super::bits::Bits;
use super::super::ready::{CaseWaker, Ready};
use super::super::*;
use crate::{mpmc, mpsc};

const PREEMPTIONS: usize = 2;

/// Polls once, with a waker that does nothing; it must not be ready.
fn pend<O>(select: &mut Select<'_, O>) {
    let mut cx = Context::from_waker(Waker::noop());
    assert!(select.poll_select(&mut cx).is_pending());
}

/// The protocol alone (I2): whoever is woken is seen, by one wait or the next.
///
/// Fails if `Ready::wake` notifies before it sets the bit, or not at all; or if `Ready::poll` does not look for bits.
#[test]
fn whoever_is_woken_is_seen() {
    race_bounded(PREEMPTIONS, || {
        let mut pace = Pace::new(0);
        let ready = Arc::new(Ready::new(pace.payer()));
        let wakers = [0, 1].map(|index| {
            let waker = CaseWaker::waker(&ready, index);
            spawn(move || waker.wake())
        });
        let mut seen = Bits::new();
        while seen.first_in(0, 1).is_none() || seen.first_in(1, 2).is_none() {
            block_on(poll_fn(|cx| ready.poll(cx, &mut pace, 0)));
            ready.drain_into(&mut seen);
        }
        for waker in wakers {
            waker.join().unwrap();
        }
    });
}

/// Fails if `Select::visit` takes a case for one that waits without having joined it, or if `poll_select` does not
/// take over who was woken.
#[test]
fn messages_of_two_channels_are_seen() {
    race_bounded(1, || {
        let (senders, mut receivers): (Vec<_>, Vec<_>) = (0..2).map(|_| mpsc::channel(1)).unzip();
        let sending = senders.into_iter().map(|tx| {
            spawn(move || {
                tx.try_send(1).unwrap();
                tx
            })
        });
        let sending: Vec<_> = sending.collect();
        let mut select = Select::new();
        for receiver in &mut receivers {
            select.recv(receiver, |message| message);
        }
        for _ in 0..2 {
            assert_eq!(block_on(select.select()), Some(Some(1)));
        }
        for sending in sending {
            drop(sending.join().unwrap());
        }
    });
}

/// Fails if `poll_select` does not take over who was woken.
#[test]
fn a_message_and_the_end_are_seen() {
    race_bounded(PREEMPTIONS, || {
        let (tx, mut rx) = mpsc::channel(1);
        let sending = spawn(move || tx.try_send(1).unwrap());
        let mut select = Select::new();
        select.recv(&mut rx, |message| message);
        assert_eq!(block_on(select.select()), Some(Some(1)));
        assert_eq!(block_on(select.select()), Some(None));
        assert_eq!(block_on(select.select()), None);
        sending.join().unwrap();
    });
}

/// Fails if `stand_back` does not give up the places, as then the set keeps the message.
#[test]
fn a_select_that_is_given_up_passes_its_message_on() {
    race_bounded(PREEMPTIONS, || {
        let (tx, rx) = mpmc::channel(1);
        let mut select = Select::new();
        select.recv(rx.clone(), |message: Option<u32>| message);
        pend(&mut select);
        let sending = spawn(move || {
            tx.try_send(1).unwrap();
            tx
        });
        // As dropping the future does.
        select.stand_back();
        assert_eq!(block_on(rx.recv()), Some(1));
        drop(sending.join().unwrap());
    });
}

/// Fails if a case that was served leaves the others in line, with the set alive.
#[test]
fn an_event_takes_the_other_cases_out_of_line() {
    race_bounded(PREEMPTIONS, || {
        let (shared, shared_rx) = mpmc::channel(1);
        let (own, mut own_rx) = mpsc::channel(1);
        let mut select = Select::new();
        select.recv(&shared_rx, |message: Option<u32>| message.unwrap());
        select.recv(&mut own_rx, |message: Option<u32>| message.unwrap());
        pend(&mut select);
        let sending = spawn(move || {
            own.try_send(0).unwrap();
            shared.try_send(1).unwrap();
            (own, shared)
        });
        if block_on(poll_fn(|cx| select.poll_select(cx))) == Some(0) {
            assert_eq!(block_on(shared_rx.recv()), Some(1));
        }
        drop(sending.join().unwrap());
    });
}

/// Fails if `RoomLine::join` does not get in line.
#[test]
fn room_is_promised_to_who_waits_for_it() {
    race_bounded(PREEMPTIONS, || {
        let (one, mut one_rx) = mpsc::channel(1);
        let (two, _two_rx) = mpsc::channel(1);
        for outlet in [&one, &two] {
            outlet.try_send(0).unwrap();
        }
        let receiving = spawn(move || {
            assert_eq!(block_on(one_rx.recv()), Some(0));
            assert_eq!(block_on(one_rx.recv()), Some(1));
            one_rx
        });
        let mut select = Select::new();
        for outlet in [&one, &two] {
            select.reserve(outlet, |permit| permit.map(|permit| permit.send(1)).is_ok());
        }
        assert_eq!(block_on(select.select()), Some(true));
        drop(receiving.join().unwrap());
    });
}
