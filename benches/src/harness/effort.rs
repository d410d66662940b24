//! How much a run does: the full measure, a quick look, or a check that everything works.

/// Rounds, and messages in each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    pub(crate) rounds: usize,
    /// Whether each case runs one round that is not counted.
    pub(crate) warm_up: bool,
    /// Messages in a round of a case that moves messages.
    pub(crate) messages: usize,
}

impl Effort {
    pub(crate) const FULL: Effort = Effort {
        rounds: 9,
        warm_up: true,
        messages: 400_000,
    };
    pub(crate) const QUICK: Effort = Effort {
        rounds: 3,
        warm_up: true,
        messages: 50_000,
    };
    pub(crate) const SMOKE: Effort = Effort {
        rounds: 1,
        warm_up: false,
        messages: 2_000,
    };

    /// The measure for an operation that costs about `times` as much as passing a message.
    pub(crate) fn operations(&self, times: usize) -> usize {
        (self.messages / times).max(1)
    }

    /// How many tasks are spawned one after another, or opened inside one another: 100,000 for the full measure.
    pub(crate) fn tasks(&self) -> usize {
        self.operations(4)
    }

    /// How many tasks are alive at once in groups named after a million.
    pub(crate) fn live_tasks(&self) -> usize {
        self.messages * 5 / 2
    }
}
