//! Who is shed first.

/// How important a request is: the less important are shed first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Priority {
    /// Work that may be left undone: prefetching, speculation.
    Low,
    /// Whatever says nothing.
    #[default]
    Normal,
    /// Work that a person waits for.
    High,
    /// Work without which nothing else works: health checks, the release of resources.
    Critical,
}

impl Priority {
    const COUNT: f64 = 4.0;

    /// Whether one of this priority is shed where a share of all is, given its draw from `[0, 1)`. Where all priorities
    /// are equally frequent, that is the share that is shed: all of the least important before any of the next.
    pub(super) fn is_shed(self, share: f64, draw: f64) -> bool {
        (f64::from(self as u8) + draw) / Self::COUNT < share
    }
}
