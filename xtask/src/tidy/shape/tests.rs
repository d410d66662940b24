use super::{LINES_LIMIT, LINES_WANTED, ignored_tests, layout, size, unfinished};
use crate::tidy::project::Project;
use crate::tidy::{Check, Findings, findings};

fn check(check: Check, path: &str, text: &str) -> Vec<String> {
    findings(check, &Project::sample(&[(path, text)]))
}

#[test]
fn unfinished_code_fails() {
    assert_eq!(
        check(
            unfinished,
            "a.rs",
            "fn f() { todo!() }\nfn g() { unimplemented!(\"x\") }\nfn h() { dbg! (1); }"
        ),
        [
            "a.rs:1: `todo!` is left here",
            "a.rs:2: `unimplemented!` is left here",
            "a.rs:3: `dbg!` is left here"
        ]
    );
    assert_eq!(
        check(unfinished, "a.rs", "#[test]\nfn f() { dbg!(1); }").len(),
        1
    );
}

#[test]
fn talk_of_unfinished_code_passes() {
    let text = "// no todo!()\nlet s = \"dbg!(x)\";\nlet todo = 1;\nif todo != 2 {}\nfn unimplemented() {}";
    assert_eq!(check(unfinished, "a.rs", text), [""; 0]);
}

#[test]
fn an_ignored_test_gives_its_command() {
    let good = "#[test]\n#[ignore = \"long: cargo xtask soak\"]\nfn soak_a() {}";
    assert_eq!(check(ignored_tests, "a.rs", good), [""; 0]);
    for bad in [
        "#[test]\n#[ignore]\nfn a() {}",
        "#[test]\n#[ignore = \"slow\"]\nfn a() {}",
    ] {
        let wrong = "a.rs:2: an ignored test that does not say how to run it";
        assert_eq!(check(ignored_tests, "a.rs", bad), [wrong], "{bad}");
    }
    let conditional = "#[test]\n#[cfg_attr(miri, ignore)]\nfn a() {}";
    assert_eq!(check(ignored_tests, "a.rs", conditional).len(), 1);
}

#[test]
fn other_things_called_ignore_pass() {
    assert_eq!(
        check(
            ignored_tests,
            "a.rs",
            "fn f(ignore: u8) { g(ignore); h([a, ignore]); }"
        ),
        [""; 0]
    );
}

#[test]
fn files_are_where_they_belong() {
    let good = Project::sample(&[
        ("crates/a/src/ring.rs", ""),
        ("crates/a/tests/it/main.rs", ""),
        ("crates/a/tests/ui/no.rs", ""),
        ("crates/a/tests/soak/main.rs", "fn soak_a() {}"),
        ("crates/a/src/ring/tests/loom.rs", ""),
        ("examples/a/tests/other.rs", ""),
    ]);
    assert!(findings(layout, &good).is_empty());
    let bad = Project::sample(&[
        ("crates/a/src/ring/mod.rs", ""),
        ("crates/a/tests/ring.rs", ""),
        ("crates/a/tests/it/long.rs", "#[ignore] fn soak_a() {}"),
    ]);
    assert_eq!(
        findings(layout, &bad),
        [
            "crates/a/src/ring/mod.rs:1: a `mod.rs`",
            "crates/a/tests/it/long.rs:1: a soak outside of tests/soak/",
            "crates/a/tests/ring.rs:1: an outside test in a program of its own"
        ]
    );
}

#[test]
fn a_file_may_grow_to_its_limit() {
    let of = |lines: usize| {
        let project = Project::sample(&[("a.rs", &"// why\n\nx();\n".repeat(lines))]);
        let mut findings = Findings::default();
        size(&project, &mut findings);
        (findings.failures.len(), findings.notes.len())
    };
    assert_eq!(of(LINES_WANTED), (0, 0));
    assert_eq!(of(LINES_WANTED + 1), (0, 1));
    assert_eq!(of(LINES_LIMIT), (0, 1));
    assert_eq!(of(LINES_LIMIT + 1), (1, 0));
}
