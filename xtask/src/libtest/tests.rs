use super::{Tally, listed};

fn tally(output: &str) -> Tally {
    let mut tally = Tally::default();
    output.lines().for_each(|line| tally.see(line));
    tally
}

#[test]
fn sums_over_programs() {
    let tally = tally(
        "running 3 tests\n\
         test a ... ok\n\
         test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 4 filtered out; finished in 0.01s\n\
         test result: ok. 40 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.20s\n",
    );
    assert_eq!(
        (tally.programs, tally.passed, tally.failed, tally.ignored),
        (2, 42, 0, 1)
    );
    assert_eq!(tally.failed_names(), "");
}

#[test]
fn names_what_failed() {
    let tally = tally(
        "test ring::tests::wraps ... FAILED\n\
         test ring::tests::refuses - should panic ... FAILED\n\
         test src/lib.rs - Ring (line 3) ... ok\n\
         test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s\n",
    );
    assert_eq!((tally.passed, tally.failed), (1, 2));
    assert_eq!(
        tally.failed_names(),
        ": ring::tests::wraps, ring::tests::refuses"
    );
}

#[test]
fn ignores_what_tests_print() {
    let tally = tally("the test result: ok. 3 passed\ntest result\n");
    assert_eq!(tally, Tally::default());
}

#[test]
fn lists_tests_and_no_benchmarks() {
    assert_eq!(
        listed("a::b: test\nc: benchmark\n\n1 tests, 1 benchmarks\n"),
        ["a::b"]
    );
}
