//! Random numbers that are the same on every machine, so that a seed names a run for good.

/// SplitMix64 (Steele, Lea and Flood, 2014): one word of state, and good enough for arrivals.
#[derive(Clone, Debug)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        // Its output, since its states for seeds 1, 2, 3 are one walk, begun a step later each.
        Self(Self(seed).next())
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Above 0, at most 1, any as likely as any other.
    pub(crate) fn uniform(&mut self) -> f64 {
        ((self.next() >> 11) + 1) as f64 / (1u64 << 53) as f64
    }

    /// One of so many.
    pub(crate) fn below(&mut self, many: usize) -> usize {
        (self.next() % many as u64) as usize
    }

    /// Exponential, with mean 1.
    pub(crate) fn exponential(&mut self) -> f64 {
        -self.uniform().ln()
    }

    /// Log-normal with mean 1, where `sigma` is the deviation of the logarithm.
    pub(crate) fn log_normal(&mut self, sigma: f64) -> f64 {
        let normal =
            (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos();
        (sigma * normal - sigma * sigma / 2.0).exp()
    }
}
