use std::thread;
use std::time::{Duration, Instant};

use super::Coarse;

/// A tick is at most 10 ms; ten of them are room for a busy machine.
const SLACK: Duration = Duration::from_millis(100);

#[test]
fn goes_along_with_the_exact_clock() {
    let (coarse, exact) = (Coarse::now(), Instant::now());
    thread::sleep(Duration::from_millis(150));
    let (age, real) = (coarse.elapsed(), exact.elapsed());
    assert!(age + SLACK > real, "{age:?} of {real:?}");
    assert!(age < real + SLACK, "{age:?} of {real:?}");
    assert!(Coarse::now() > coarse);
}
