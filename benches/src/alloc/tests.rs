use std::hint::black_box;
use std::panic::catch_unwind;
use std::thread;

use super::{count, live};

const LARGE: isize = 1 << 20;

#[test]
fn counts_what_is_live_while_it_is_asked_to() {
    let uncounted = Vec::<u8>::with_capacity(LARGE as usize);
    let counted = count(|| {
        let first = Vec::<u8>::with_capacity(LARGE as usize);
        let one = live();
        let mut second = black_box(vec![0u8; LARGE as usize]);
        let two = live();
        second.reserve_exact(2 * LARGE as usize);
        let grown = live();
        drop((first, second));
        [one, two, grown, live()]
    });
    drop(uncounted);
    assert_eq!(counted, [LARGE, 2 * LARGE, 4 * LARGE, 0]);
    assert_eq!(live(), 0);
}

#[test]
fn what_other_threads_do_meanwhile_is_not_counted() {
    let elsewhere = vec![0u8; LARGE as usize];
    let after = count(|| {
        thread::scope(|scope| {
            scope.spawn(move || drop(black_box(elsewhere)));
        });
        live()
    });
    // Making a thread takes a little from this one.
    assert!(after.abs() < LARGE / 2, "{after}");
}

#[test]
fn a_count_that_panics_is_over() {
    let panicked = catch_unwind(|| count(|| panic!("while it counts")));
    assert!(panicked.is_err());
    assert_eq!(count(live), 0);
}
