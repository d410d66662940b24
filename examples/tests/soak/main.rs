//! What holds only if it is tried for long.

use std::process::Command;

/// A thousand clients, and rooms that fail all the time.
///
/// For as many seconds as `AQUEDUCT_SOAK_SECONDS` says, which may be far more than a million messages take; without it a million.
/// The program prints what became of the messages, and its seed, by which the moments of failure are chosen again.
#[test]
#[ignore = "long: cargo xtask soak"]
fn soak_chat_server() {
    let mut test = Command::new(env!("CARGO_BIN_EXE_chat-server"));
    test.args(["--self-test", "--clients", "1000"]);
    match std::env::var("AQUEDUCT_SOAK_SECONDS") {
        Ok(seconds) => test
            .args(["--messages", "1000000000", "--time-max"])
            .arg(format!("{seconds}s")),
        Err(_) => test.args(["--messages", "1000000"]),
    };
    let seed = std::process::id().to_string();
    test.args(["--seed", &seed]);
    let status = test.status().expect("cannot run the chat server");
    assert!(status.success(), "{status}: {test:?}");
}

/// New seeds for as many seconds as `AQUEDUCT_SOAK_SECONDS` says: each has the result of the run without faults.
#[test]
#[ignore = "soak: cargo xtask soak"]
fn soak_supervised_pipeline() {
    let seconds = std::env::var("AQUEDUCT_SOAK_SECONDS")
        .ok()
        .and_then(|text| text.parse::<u64>().ok())
        .unwrap_or(10);
    let output = Command::new(env!("CARGO_BIN_EXE_supervised-pipeline"))
        .args(["--self-test", "--lasting", &format!("{seconds}s")])
        .output()
        .expect("cannot run the pipeline");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{output:?}");
    println!("{text}");
}
