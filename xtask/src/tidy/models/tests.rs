use super::{bare_loom, modelled};
use crate::tidy::project::Project;
use crate::tidy::{Check, findings};

fn check(check: Check, path: &str, text: &str) -> Vec<String> {
    findings(check, &Project::sample(&[(path, text)]))
}

#[test]
fn a_bare_loom_fails() {
    for text in [
        "#[cfg(loom)]\nmod m;",
        "if cfg!(all(unix, not(loom))) {}",
        "#![cfg_attr(loom, allow(dead_code))]",
    ] {
        assert_eq!(
            check(bare_loom, "a.rs", text),
            ["a.rs:1: a bare `loom` in a cfg"],
            "{text}"
        );
    }
    assert_eq!(
        check(
            bare_loom,
            "a/Cargo.toml",
            "\n[target.'cfg(loom)'.dependencies]"
        )
        .len(),
        1
    );
    assert_eq!(
        check(bare_loom, "run.sh", "RUSTFLAGS='--cfg loom' cargo test").len(),
        1
    );
}

#[test]
fn our_loom_passes() {
    let text = "// cfg(loom)\n#[cfg(aqueduct_loom)]\nuse loom::cell;\n#[cfg(feature = \"loom\")]\nfn f() { loom(); }\n\
                #[cfg_attr(aqueduct_loom, path = \"x\")]\nmod f;";
    assert_eq!(check(bare_loom, "a.rs", text), [""; 0]);
    assert_eq!(
        check(
            bare_loom,
            "a/Cargo.toml",
            "[target.'cfg(aqueduct_loom)'.dependencies]\nloom = \"1\""
        ),
        [""; 0]
    );
}

#[test]
fn a_modelled_module_uses_the_shim() {
    let of = |text: &str| {
        let models = ("crates/a/src/ring/tests/loom.rs", "use std::sync::Mutex;");
        let tests = (
            "crates/a/src/ring/tests.rs",
            "use std::sync::atomic::AtomicU8;",
        );
        let neighbour = ("crates/a/src/timer.rs", "use tokio::time::Instant;");
        let module = format!("{text}\n#[cfg(test)]\nmod tests;");
        findings(
            modelled,
            &Project::sample(&[models, tests, neighbour, ("crates/a/src/ring.rs", &module)]),
        )
    };
    let good = "// tokio::sync\nuse aqueduct_core::sync::{Arc, AtomicU8};\nuse std::sync::OnceLock;\n\
                fn f() { std::sync::atomic::compiler_fence(o) }";
    assert_eq!(of(good), [""; 0]);
    for bad in [
        "use std::sync::atomic::{AtomicU8, Ordering};",
        "fn f() { std::sync::atomic::fence(o) }",
        "use core::cell::UnsafeCell;",
        "fn f() { std::thread::yield_now() }",
    ] {
        assert_eq!(of(bad).len(), 1, "{bad}");
    }
    assert_eq!(
        of("fn f() { tokio::task::coop::poll_proceed(cx) }"),
        ["crates/a/src/ring.rs:1: a modelled module names tokio's own, which loom does not see"]
    );
}

#[test]
fn models_belong_to_a_module() {
    assert_eq!(
        check(modelled, "crates/a/src/gone/tests/loom.rs", ""),
        ["crates/a/src/gone/tests/loom.rs:1: models of no module"]
    );
}
