use std::cell::Cell;

use super::*;

thread_local! {
    static HEAVY: Cell<bool> = const { Cell::new(false) };
}

pub(crate) fn note_sleepers(is_heavy: bool) {
    HEAVY.set(is_heavy);
}

/// Whether the last barrier that this thread ran as a sleeper was the kernel's.
pub(crate) fn was_sleepers_heavy() -> bool {
    HEAVY.get()
}

#[test]
fn the_payer_follows_the_pace_with_a_gap() {
    let mut pace = Pace::start(0, true);
    assert_eq!(pace.payer(), Payer::Both);
    // Messages a sleep, and who pays after it.
    for (messages, payer) in [
        (0, Payer::Both),
        (1024, Payer::Sleeper), // average 256
        (0, Payer::Sleeper),    // 192
        (0, Payer::Sleeper),    // 144
        (0, Payer::Sleeper),    // 108
        (0, Payer::Sleeper),    // 81: under LIGHT_FROM, over LIGHT_UNTIL
        (0, Payer::Sleeper),    // 60
        (0, Payer::Both),       // 45
        (160, Payer::Both),     // 73: over LIGHT_UNTIL, under LIGHT_FROM
        (u64::MAX, Payer::Sleeper),
    ] {
        assert_eq!(
            pace.step(messages, true),
            payer,
            "after {messages}: {pace:?}"
        );
    }
}

#[test]
fn without_the_kernel_both_always_pay() {
    let mut pace = Pace::start(1024, false);
    for _ in 0..10 {
        assert_eq!(pace.step(u64::MAX, false), Payer::Both);
    }
}

#[test]
fn a_large_guess_starts_light_and_is_soon_corrected() {
    assert_eq!(Pace::start(95, true).payer(), Payer::Both);
    let mut pace = Pace::start(usize::MAX, true);
    assert_eq!(pace.payer(), Payer::Sleeper);
    let sleeps = (1..).find(|_| pace.step(1, true) == Payer::Both);
    assert_eq!(sleeps, Some(5));
}

#[test]
fn heavy_runs_wherever_the_tests_run() {
    heavy();
    assert_eq!(is_asymmetric(), is_asymmetric());
}

/// The handshake itself, on real cores: two threads publish and look, and may never both miss the other.
#[test]
fn store_then_load_never_both_miss() {
    use std::sync::Barrier;
    use std::sync::atomic::AtomicUsize;

    const ROUNDS: usize = if cfg!(miri) { 10 } else { 20_000 };
    let (hot, sleeper) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let gate = Barrier::new(2);
    let (hot_saw, sleeper_saw) = std::thread::scope(|scope| {
        let hot_side = scope.spawn(|| {
            (1..=ROUNDS)
                .map(|round| {
                    gate.wait();
                    hot.store(round, Ordering::Relaxed);
                    if is_asymmetric() {
                        light()
                    } else {
                        full()
                    }
                    let saw = sleeper.load(Ordering::Relaxed) == round;
                    gate.wait();
                    saw
                })
                .collect::<Vec<_>>()
        });
        let sleeping_side = scope.spawn(|| {
            (1..=ROUNDS)
                .map(|round| {
                    gate.wait();
                    sleeper.store(round, Ordering::Relaxed);
                    heavy();
                    let saw = hot.load(Ordering::Relaxed) == round;
                    gate.wait();
                    saw
                })
                .collect::<Vec<_>>()
        });
        (hot_side.join().unwrap(), sleeping_side.join().unwrap())
    });
    assert!(
        hot_saw
            .iter()
            .zip(&sleeper_saw)
            .all(|(hot, sleeper)| *hot || *sleeper)
    );
}
