//! Every group of ours once, without measuring: it shows that the benchmarks run.

use std::process::Command;

#[test]
#[ignore = "run by ci; with what the report says: cargo xtask bench --smoke"]
fn every_group_runs() {
    let status = Command::new(env!("CARGO_BIN_EXE_aqueduct-benches"))
        .arg("--smoke")
        .status()
        .expect("cannot run the benchmarks");
    assert!(status.success(), "{status}");
}
