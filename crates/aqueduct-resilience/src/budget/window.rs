//! The counts of a budget, and its rule. It knows slots by number, and no clock.

use super::BudgetStats;

/// How many slots a window is made of.
pub(super) const SLOTS: usize = 10;

/// How many retries there may be in a window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    pub(super) reserve: f64,
    pub(super) ratio: f64,
}

impl Rule {
    /// The greatest whole number of retries for so many requests.
    ///
    /// 0.29 of a hundred is 29, though the nearest that there is to 0.29 is a bit less, and its product is
    /// 28.999999999999996. What is lacking by rounding alone, one part in 2⁵⁰ at the most, is made up for.
    pub(super) fn allowed(self, requests: u64) -> u64 {
        let exact = self.reserve + self.ratio * requests as f64;
        (exact * (1.0 + 4.0 * f64::EPSILON)) as u64
    }
}

/// Requests and retries of the last [`SLOTS`] slots.
#[derive(Debug, Default)]
pub(super) struct Window {
    slots: [Slot; SLOTS],
    /// The number of the newest; those before it are in the ring behind it.
    newest: u64,
    /// Of all slots.
    sum: Slot,
    granted_total: u64,
    refused_total: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    requests: u64,
    retries: u64,
}

impl Window {
    /// Goes on to a slot; what is too old is forgotten.
    pub(super) fn advance(&mut self, slot: u64) {
        let steps = slot.saturating_sub(self.newest);
        for step in 1..=steps.min(SLOTS as u64) {
            let old = std::mem::take(&mut self.slots[place(self.newest.wrapping_add(step))]);
            self.sum.requests -= old.requests;
            self.sum.retries -= old.retries;
        }
        self.newest += steps;
    }

    pub(super) fn newest(&self) -> u64 {
        self.newest
    }

    pub(super) fn deposit(&mut self) {
        self.slots[place(self.newest)].requests += 1;
        self.sum.requests += 1;
    }

    pub(super) fn try_withdraw(&mut self, rule: Rule) -> bool {
        if self.available(rule) == 0 {
            self.refused_total += 1;
            return false;
        }
        self.slots[place(self.newest)].retries += 1;
        self.sum.retries += 1;
        self.granted_total += 1;
        true
    }

    /// Takes back a retry that was granted in a slot.
    pub(super) fn give_back(&mut self, slot: u64) {
        self.granted_total -= 1;
        if self.newest - slot < SLOTS as u64 {
            self.slots[place(slot)].retries -= 1;
            self.sum.retries -= 1;
        }
    }

    pub(super) fn stats(&self, rule: Rule) -> BudgetStats {
        BudgetStats {
            requests: self.sum.requests,
            retries: self.sum.retries,
            available: self.available(rule),
            granted_total: self.granted_total,
            refused_total: self.refused_total,
        }
    }

    /// None also when requests have left the window that granted more than those in it.
    fn available(&self, rule: Rule) -> u64 {
        rule.allowed(self.sum.requests)
            .saturating_sub(self.sum.retries)
    }
}

/// Where a slot is in the ring.
fn place(slot: u64) -> usize {
    (slot % SLOTS as u64) as usize
}
