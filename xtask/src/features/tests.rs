use std::path::Path;

use super::{check, diagnostics};
use crate::context::Context;
use crate::shell::Cmd;
use crate::steps::{Outcome, Steps};

/// Checks a crate of this one file, twice: compiled, and as cargo has it from then.
fn checked(name: &str, lib: &str) -> [Outcome; 2] {
    let ctx = Context::new().unwrap();
    let dir = ctx.target_dir().join("tmp").join("features").join(name);
    std::fs::create_dir_all(dir.join("src")).unwrap();
    let manifest = format!("[package]\nname = \"{name}\"\nedition = \"2024\"\n[workspace]\n");
    std::fs::write(dir.join("Cargo.toml"), manifest).unwrap();
    std::fs::write(dir.join("src/lib.rs"), lib).unwrap();
    let of = |path: &Path| path.display().to_string();
    let cmd = Cmd::cargo("check").args(["--offline", "--manifest-path"]);
    let cmd = cmd.arg(of(&dir.join("Cargo.toml")));
    let cmd = cmd.args(["--target-dir", &of(&dir.join("target"))]);
    [(); 2].map(|()| {
        let mut steps = Steps::new(&ctx, "features", 1);
        check(&ctx, &mut steps, name, &cmd).unwrap();
        steps.finish()
    })
}

#[test]
fn a_warning_is_a_failure_each_time() {
    for outcome in checked("warned-of", "fn nobody_calls_it() {}\n") {
        assert_eq!(outcome.failures.len(), 1);
        assert_eq!(outcome.failures[0].what, "warned-of (warnings)");
    }
}

#[test]
fn what_does_not_compile_is_a_failure() {
    for outcome in checked("broken", "fn f() -> u8 {}\n") {
        assert_eq!(outcome.failures.len(), 1);
        let what = &outcome.failures[0].what;
        assert!(what.starts_with("broken (exit status"), "{what}");
    }
}

#[test]
fn silence_is_none() {
    for outcome in checked("fine", "#[must_use]\npub fn f() -> u8 {\n    1\n}\n") {
        assert!(outcome.ok());
    }
}

#[test]
fn a_diagnostic_is_told_as_people_read_it() {
    let line = r#"{"reason":"compiler-message","package_id":"path+file:///a#0.0.0","manifest_path":"/a/Cargo.toml",
        "target":{"kind":["lib"],"crate_types":["lib"],"name":"a","src_path":"/a/src/lib.rs","edition":"2024"},
        "message":{"rendered":"warning: a\n","children":[],"code":null,"level":"warning","message":"a","spans":[]}}"#;
    let line = line.replace('\n', "");
    let finished = r#"{"reason":"build-finished","success":true}"#;
    assert_eq!(
        diagnostics(&format!("{line}\n{finished}\n")).unwrap(),
        ["warning: a\n"]
    );
    assert!(diagnostics(finished).unwrap().is_empty());
    let unread = r#"{"reason":"compiler-message"}"#;
    assert_eq!(diagnostics(unread).unwrap(), [format!("{unread}\n")]);
}
