use super::*;

fn hints_of(losses: &[u64]) -> Vec<u16> {
    let mut state = 0;
    let mut all = Vec::new();
    for &position in losses {
        let (next, hints) = after_loss(state, position);
        state = next;
        all.push(hints);
    }
    all
}

#[test]
fn losses_in_a_row_grow_up_to_a_bound() {
    assert_eq!(
        hints_of(&[5, 6, 8, 100, 101, 200]),
        [16, 64, 256, 512, 512, 512]
    );
}

#[test]
fn losses_far_apart_cost_little_each() {
    assert_eq!(hints_of(&[10_000, 20_000, 30_000]), [16, 16, 16]);
    assert_eq!(
        hints_of(&[1, 2, 3, 4 + 4096, 5 + 4096]),
        [16, 64, 256, 16, 64]
    );
}

#[test]
fn positions_wrap() {
    let wrap = 1 << POSITION_BITS;
    assert_eq!(hints_of(&[wrap - 1, wrap, wrap + 1]), [16, 64, 256]);
}
