//! The queue against a reference that is plain enough to be right.

use std::collections::VecDeque;

use super::*;

/// What the queue should do, said in the plainest way.
#[derive(Clone, Default)]
struct Reference {
    permits: usize,
    /// Who, how many it wants and how many it has.
    line: VecDeque<(usize, (usize, usize))>,
    served: Vec<usize>,
}

impl Reference {
    fn serve(&mut self) {
        while let Some((id, (wants, has))) = self.line.front_mut() {
            let taken = self.permits.min(*wants - *has);
            *has += taken;
            self.permits -= taken;
            if has != wants {
                return;
            }
            self.served.push(*id);
            self.line.pop_front();
        }
    }

    /// Whether the poll is ready.
    fn poll(&mut self, id: usize, wants: usize, place: Place) -> bool {
        if !self.line.iter().any(|(other, _)| *other == id) && !self.served.contains(&id) {
            match place {
                Place::Back => self.line.push_back((id, (wants, 0))),
                Place::Front => self.line.push_front((id, (wants, 0))),
            }
            self.serve();
        }
        let served = self.served.iter().position(|other| *other == id);
        served.map(|index| self.served.remove(index)).is_some()
    }

    fn leave(&mut self, id: usize, wants: usize) {
        if let Some(index) = self.served.iter().position(|other| *other == id) {
            self.served.remove(index);
            self.permits += wants;
            self.serve();
        } else if let Some(index) = self.line.iter().position(|(other, _)| *other == id) {
            let (_, (_, has)) = self.line.remove(index).expect("it was found");
            self.permits += has;
            if has > 0 {
                self.serve();
            }
        }
    }
}

/// Every order of polls (at either end), drops at every stage, and gifts, against the reference.
#[test]
fn every_sequence_of_what_three_waiters_can_do() {
    const WANTS: [usize; 3] = [1, 2, 1];
    const DEPTH: u32 = if cfg!(miri) { 3 } else { 5 };
    // Three events for each waiter, and a gift.
    const EVENTS: u32 = 10;
    for sequence in 0..EVENTS.pow(DEPTH) {
        let semaphore = Semaphore::new();
        let mut reference = Reference::default();
        let mut waiters = waiters::<3>(&semaphore);
        let probes: [_; 3] = std::array::from_fn(|_| Probe::new());
        let wakers = probes.each_ref().map(|probe| probe.waker());
        let mut rest = sequence;
        for _ in 0..DEPTH {
            let (event, id) = (rest % EVENTS % 3, (rest % EVENTS / 3) as usize);
            rest /= EVENTS;
            let before = reference.served.clone();
            let wakes = probes.each_ref().map(|probe| probe.wakes());
            match (id, event) {
                (3, _) => {
                    semaphore.give(1);
                    reference.permits += 1;
                    reference.serve();
                }
                (_, 2) => {
                    waiters[id] = Box::pin(semaphore.wait());
                    reference.leave(id, WANTS[id]);
                }
                (_, end) => {
                    let place = [Place::Back, Place::Front][end as usize];
                    let mut cx = Context::from_waker(&wakers[id]);
                    let polled = poll(waiters[id].as_mut(), &mut cx, place, WANTS[id], 0);
                    let ready = reference.poll(id, WANTS[id], place);
                    assert_eq!(polled.is_ready(), ready, "sequence {sequence}");
                }
            }
            assert_eq!(
                semaphore.permits(),
                reference.permits,
                "sequence {sequence}"
            );
            assert_eq!(
                semaphore.queue.len(),
                reference.line.len(),
                "sequence {sequence}"
            );
            assert_eq!(semaphore.queue.is_empty(), reference.line.is_empty());
            for other in 0..3 {
                let woken = probes[other].wakes() - wakes[other];
                let served = reference.served.contains(&other) && !before.contains(&other);
                assert_eq!(woken, usize::from(served), "sequence {sequence}");
            }
        }
        drop(waiters);
        assert!(semaphore.queue.is_empty());
        assert!(
            probes.iter().all(|probe| probe.alive() == 1),
            "sequence {sequence}"
        );
    }
}
