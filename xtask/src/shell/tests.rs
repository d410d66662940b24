use std::time::{Duration, Instant};

use super::{Cmd, pass_through, quote};
use crate::context::Context;

#[test]
fn a_command_prints_as_one_would_type_it() {
    let cmd = Cmd::cargo("test")
        .env("RUSTFLAGS", "--cfg aqueduct_loom")
        .args(["-p", "aqueduct-core", "loom"]);
    assert_eq!(
        cmd.to_string(),
        "RUSTFLAGS='--cfg aqueduct_loom' cargo test -p aqueduct-core loom"
    );
}

#[test]
fn quotes_only_where_it_must() {
    assert_eq!(quote("--cfg=x"), "--cfg=x");
    assert_eq!(quote(""), "''");
    assert_eq!(quote("it's"), r"'it'\''s'");
    assert_eq!(quote("*"), "'*'");
}

#[test]
fn watching_passes_every_byte_on() {
    let (mut seen, mut passed) = (Vec::new(), Vec::new());
    let output = b"one\ntwo \xff\r\n\nlast".as_slice();
    pass_through(output, &mut passed, |line| seen.push(line.to_owned()));
    assert_eq!(passed, output);
    assert_eq!(seen, ["one", "two \u{fffd}", "", "last"]);
}

#[cfg(unix)]
#[test]
fn both_outputs_are_kept_in_their_order() {
    let ctx = Context::new().unwrap();
    let captured = Cmd::new("sh")
        .args(["-c", "echo one; echo two >&2; echo three; exit 3"])
        .capture_all(&ctx)
        .unwrap();
    assert_eq!(captured.stdout, "one\ntwo\nthree\n");
    assert_eq!(captured.status.code(), Some(3));
}

#[cfg(target_os = "linux")]
#[test]
fn the_deadline_kills_grandchildren_too() {
    let mut ctx = Context::new().unwrap();
    ctx.deadline = Some(Instant::now() + Duration::from_millis(200));
    // The grandchild holds the pipe: if it lived on, reading to the end would take its whole 60 seconds.
    let began = Instant::now();
    let captured = Cmd::new("sh")
        .args(["-c", "sleep 60 & wait"])
        .capture(&ctx)
        .unwrap();
    assert!(!captured.status.success());
    assert!(
        began.elapsed() < Duration::from_secs(20),
        "took {:?}",
        began.elapsed()
    );
}

#[cfg(unix)]
#[test]
fn unattended_nothing_is_kept_for_a_second_build() {
    let mut ctx = Context::new().unwrap();
    let says = Cmd::new("sh").args(["-c", "echo ${CARGO_INCREMENTAL-as it is}"]);
    let attended = std::env::var("CARGO_INCREMENTAL").unwrap_or_else(|_| "as it is".to_owned());
    assert_eq!(says.capture(&ctx).unwrap().stdout.trim(), attended);
    ctx.unattended = true;
    assert_eq!(says.capture(&ctx).unwrap().stdout, "0\n");
    let own = says.env("CARGO_INCREMENTAL", "1");
    assert_eq!(own.capture(&ctx).unwrap().stdout, "1\n");
}
