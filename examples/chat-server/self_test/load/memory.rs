//! Whether memory stays flat.

/// The most memory that the process had until the first tenth of the work, and since.
#[derive(Clone, Copy, Debug, Default)]
pub(in super::super) struct Memory {
    pub(in super::super) early: usize,
    pub(in super::super) late: usize,
}

/// How much may be added after the first tenth: buffers of connections grow until each has once been busy.
const SLACK: usize = 24 << 20;

impl Memory {
    pub(super) fn new() -> Self {
        let early = resident().unwrap_or(0);
        Self { early, late: 0 }
    }

    pub(super) fn note(&mut self, done: f64) {
        let now = resident().unwrap_or(0);
        let peak = if done < 0.1 {
            &mut self.early
        } else {
            &mut self.late
        };
        *peak = now.max(*peak);
    }

    pub(super) fn check(&self) -> Result<(), String> {
        // A sanitizer keeps what is freed for some time, to notice who uses it after all.
        let is_sanitized =
            std::env::var("RUSTFLAGS").is_ok_and(|flags| flags.contains("sanitizer"));
        if !is_sanitized && self.late > self.early + SLACK {
            return Err(format!("memory grows: {self:?}"));
        }
        Ok(())
    }
}

/// What the process has of memory, in bytes, where that can be asked.
fn resident() -> Option<usize> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: usize = statm.split(' ').nth(1)?.parse().ok()?;
    Some(pages * 4096)
}
