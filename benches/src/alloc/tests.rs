use std::hint::black_box;

use super::{count, live};

/// Other tests allocate meanwhile, but not that much.
const LARGE: isize = 256 << 20;

fn is_about(bytes: isize, expected: isize) -> bool {
    (bytes - expected).abs() < LARGE / 8
}

#[test]
fn counts_what_is_live_while_it_is_asked_to() {
    let uncounted = Vec::<u8>::with_capacity(LARGE as usize);
    let [one, two, grown, none] = count(|| {
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
    let all = [one, two, grown, none, live()];
    for (bytes, expected) in all.into_iter().zip([1, 2, 4, 0, 0]) {
        assert!(
            is_about(bytes, expected * LARGE),
            "{all:?}, not {expected} × {LARGE}"
        );
    }
}
