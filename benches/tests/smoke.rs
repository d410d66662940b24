//! The programs of this package in short, as they are built with the tests of the workspace: to optimise them takes minutes, where
//! nothing is measured. `ci` runs them.

use std::process::Command;

fn runs(program: &str) {
    let status = Command::new(program)
        .arg("--smoke")
        .status()
        .expect("cannot run it");
    assert!(status.success(), "{status}");
}

#[test]
#[ignore = "run by ci; optimised: cargo xtask bench --smoke"]
fn each_group_runs() {
    runs(env!("CARGO_BIN_EXE_aqueduct-benches"));
}

#[test]
#[ignore = "run by ci; optimised: cargo xtask sim --smoke"]
fn the_default_limit_does_what_is_wanted_of_it() {
    runs(env!("CARGO_BIN_EXE_aqueduct-sim"));
}
