//! That the threads of a [`race`] begin in both orders.

mod loom {
    use std::sync::{Arc, Mutex};

    use super::super::*;

    type Log = Arc<Mutex<Vec<&'static str>>>;

    /// Who begins when; the threads have nothing else in common.
    fn begin(log: &Log) {
        let say = |name| {
            let log = log.clone();
            move || log.lock().unwrap().push(name)
        };
        let (first, second) = spawn_both(say("first"), say("second"));
        say("spawner")();
        first.join().unwrap();
        second.join().unwrap();
    }

    /// The orders that were tried, as often as they were.
    fn tried(run: fn(Log)) -> Vec<[&'static str; 3]> {
        let log = Log::default();
        run(log.clone());
        let log = log.lock().unwrap();
        assert_eq!(log.len() % 3, 0);
        log.chunks(3)
            .map(|order| order.try_into().unwrap())
            .collect()
    }

    #[test]
    fn a_race_begins_in_both_orders() {
        let (written, reversed) = (
            ["spawner", "first", "second"],
            ["second", "first", "spawner"],
        );
        let raced = tried(|log| race_bounded(3, move || begin(&log)));
        assert_eq!(raced[0], written);
        assert!(raced.contains(&reversed));
        // Loom has no reason to try it by itself.
        let modelled = tried(|log| bounded(3, move || begin(&log)));
        assert_eq!(modelled[0], written);
        assert!(!modelled.contains(&reversed));
    }
}
