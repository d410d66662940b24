//! What an incarnation watches. It is taken back where that ends, since what is watched may live on: it would keep what is to
//! tell somebody who is not there, one more with each restart.

use std::collections::HashMap;

use aqueduct_supervision::watch::{MonitorId, ProcessId, Watch};

/// With fewer there is no look for those that are over.
const FEW: usize = 16;

#[derive(Default)]
pub(crate) struct Monitors {
    monitors: HashMap<(ProcessId, MonitorId), Watch>,
    /// With so many, those that are over are dropped: half of them or more since the last time.
    full: usize,
}

impl Monitors {
    pub(crate) fn add(&mut self, watch: Watch, id: MonitorId) {
        if self.monitors.len() >= self.full {
            self.monitors.retain(|_, watch| watch.exit().is_none());
            self.full = FEW.max(2 * self.monitors.len());
        }
        self.monitors.insert((watch.id(), id), watch);
    }

    /// Of the process by that number, which need not be what lives there now.
    pub(crate) fn remove(&mut self, process: ProcessId, id: MonitorId) -> Option<Watch> {
        self.monitors.remove(&(process, id))
    }

    /// Takes all back.
    pub(crate) fn end(self) {
        for ((_, id), watch) in self.monitors {
            watch.demonitor(id);
        }
    }
}
