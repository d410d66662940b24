//! A limit that comes down, and what latency does.

use super::*;

/// Comes down by a fifth a window from 40, before a service whose latency is this of what is in flight. The latency found, if
/// it says that the service is slower.
fn down(latency: impl Fn(f64) -> f64, to: f64) -> Option<Stale> {
    let mut descent = Descent::default();
    let mut limit = 40.0;
    loop {
        if let Some(stale) = descent.see(limit, limit, latency(limit)) {
            return Some(stale);
        }
        if limit <= to {
            return None;
        }
        limit = (limit * 0.8).max(to);
    }
}

#[test]
fn latency_that_stays_is_that_of_the_service() {
    let stale = down(|_| 0.2, 1.0).expect("it is flat");
    assert!((stale.rtt - 0.2).abs() < 1e-9, "{stale:?}");
    assert_eq!(stale.limit, 40.0, "what was taken is given back");
}

#[test]
fn latency_that_comes_down_is_a_queue() {
    // The queue of twenty slots; of eight shared processors, which are slower the more there are; and a queue of which a
    // third is others'.
    let table: [(&str, fn(f64) -> f64); 3] = [
        ("slots", |inside| 0.05 * (inside / 20.0).max(1.0)),
        ("sharing", |inside| 0.01 * (inside / 8.0).max(1.0) * 1.2),
        ("shared", |inside| 0.05 * (inside + 20.0) / 20.0),
    ];
    for (what, latency) in table {
        assert_eq!(down(latency, 20.0), None, "{what}");
    }
}

#[test]
fn a_queue_that_still_grows_is_not_flat() {
    let mut descent = Descent::default();
    // Half of the workers go: what comes back is of those who came in before, and later and later.
    let windows = [
        (27.0, 0.15),
        (26.0, 0.17),
        (23.0, 0.20),
        (20.0, 0.22),
        (18.0, 0.20),
        (16.0, 0.17),
        (14.0, 0.15),
        (13.0, 0.13),
        (12.0, 0.12),
    ];
    for (in_flight, rtt) in windows {
        assert_eq!(descent.see(in_flight, in_flight, rtt), None, "{in_flight}");
    }
}

#[test]
fn a_limit_that_cannot_come_down_is_down() {
    let mut descent = Descent::default();
    assert_eq!(descent.see(1.9, 1.0, 0.20), None);
    // Chance moves the latency of the few that there are.
    assert_eq!(descent.see(1.9, 1.0, 0.18), None);
    let stale = descent.see(1.9, 1.0, 0.25).expect("it is flat");
    assert!((stale.rtt - 0.21).abs() < 1e-9, "{stale:?}");
}

#[test]
fn what_ended_is_forgotten() {
    let mut descent = Descent::default();
    descent.see(40.0, 40.0, 0.2);
    descent.end();
    assert_eq!(descent.see(10.0, 10.0, 0.2), None);
    assert_eq!(
        descent.see(9.0, 9.0, 0.2),
        None,
        "from ten, and not from forty"
    );
}
