//! What was noted comes out.

use std::thread;

use super::*;

#[test]
fn a_window_holds_what_was_noted() {
    let sampler = Sampler::new(3);
    for micros in 1..=100u64 {
        sampler.note(Sample::Success(micros * 1_000), micros as usize % 7);
    }
    sampler.note(Sample::Drop, 9);
    let so_far = sampler.so_far();
    assert_eq!(so_far.ended, 101);
    assert_eq!(so_far.rtt, Duration::from_nanos(50_500));
    let window = sampler.drain(Duration::from_secs(3), Duration::from_secs(1));
    assert_eq!((window.samples, window.drops), (100, 1));
    assert_eq!(window.in_flight_max, 9);
    assert_eq!(window.rtt_min, Duration::from_micros(1));
    assert_eq!(window.rtt_mean, Duration::from_nanos(50_500));
    let p50 = window.rtt_p50.as_secs_f64() * 1e6;
    assert!((48.5..51.5).contains(&p50), "{p50}");
    let p90 = window.rtt_p90.as_secs_f64() * 1e6;
    assert!((87.0..93.0).contains(&p90), "{p90}");
    let empty = sampler.drain(Duration::from_secs(4), Duration::from_secs(1));
    assert_eq!(empty.samples + empty.drops, 0);
    assert_eq!(empty.rtt_min, Duration::ZERO);
}

#[test]
fn threads_lose_nothing() {
    let sampler = Sampler::new(2);
    let mut drained = 0;
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..5_000).for_each(|_| sampler.note(Sample::Success(1_000), 1)));
        }
        for _ in 0..20 {
            drained += sampler.drain(Duration::ZERO, Duration::ZERO).samples;
        }
    });
    drained += sampler.drain(Duration::ZERO, Duration::ZERO).samples;
    assert_eq!(drained, 20_000);
}

/// More threads than stripes with owners, and one that drains all the while.
#[test]
fn those_without_a_stripe_of_their_own_lose_nothing() {
    let sampler = Sampler::new(1);
    assert_eq!(sampler.own, usize::from(barrier::is_asymmetric()));
    let (done, drained) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        let noting: Vec<_> = (0..3)
            .map(|_| scope.spawn(|| (0..5_000).for_each(|_| sampler.note(Sample::Drop, 1))))
            .collect();
        scope.spawn(|| {
            while !done.load(Ordering::Acquire) {
                let window = sampler.drain(Duration::ZERO, Duration::ZERO);
                drained.fetch_add(window.drops, Ordering::Relaxed);
            }
        });
        for thread in noting {
            thread.join().unwrap();
        }
        done.store(true, Ordering::Release);
    });
    let rest = sampler.drain(Duration::ZERO, Duration::ZERO).drops;
    assert_eq!(drained.load(Ordering::Relaxed) + rest, 15_000);
}

/// One that goes away is no owner, and what it notes is counted all the same.
#[test]
fn a_thread_without_a_number_writes_to_those_for_all() {
    let sampler = Sampler::new(2);
    sampler.note_for_all(Sample::Drop, 1);
    let (own, for_all) = sampler.stripes.split_at(sampler.own);
    let drops = |stripes: &[Padded<Stripe>]| -> u64 {
        let drops = stripes.iter().map(|it| it.drops.load(Ordering::Relaxed));
        drops.sum()
    };
    assert_eq!((drops(own), drops(for_all)), (0, 1));
    assert_eq!(sampler.drain(Duration::ZERO, Duration::ZERO).drops, 1);
}
