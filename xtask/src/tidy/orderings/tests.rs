use super::orderings;
use crate::tidy::findings;
use crate::tidy::project::Project;

fn check(text: &str) -> Vec<String> {
    findings(
        orderings,
        &Project::sample(&[("crates/a/src/ring.rs", text)]),
    )
}

#[test]
fn an_ordering_with_its_partner_passes() {
    for text in [
        "// Pairs with the Release in `send`.\nx.load(Ordering::Acquire);",
        "x.load(Ordering::Acquire); // pairs with `send`",
        "// Acquire; this pairs\n// with the Release in `send`.\nlet y = x\n    .load(Ordering::Acquire);",
        "// Release, and Acquire on failure, pair with each other.\nx.compare_exchange(a, b, Ordering::Release, Ordering::Acquire);",
        "// Its partner is the fence in `park`.\nfence(Ordering::SeqCst);",
        "x.load(Ordering::Relaxed);",
    ] {
        assert_eq!(check(text), [""; 0], "{text}");
    }
}

#[test]
fn one_without_fails() {
    let text = "// Pairs with nothing here.\na();\n// Fast.\nx.store(1, Ordering::Release);\nx.swap(1, Ordering::AcqRel);";
    assert_eq!(
        check(text),
        [
            "crates/a/src/ring.rs:4: Release does not say what it pairs with",
            "crates/a/src/ring.rs:5: AcqRel does not say what it pairs with",
        ]
    );
}

#[test]
fn imported_names_count_and_imports_do_not() {
    let import = "use std::sync::atomic::{AtomicU8, Ordering::{self, Acquire}};\n";
    assert_eq!(check(import), [""; 0]);
    assert_eq!(
        check(&format!("{import}fn f() {{\n    x.load(Acquire);\n}}")),
        ["crates/a/src/ring.rs:3: Acquire does not say what it pairs with"]
    );
    assert_eq!(
        check("use std::sync::atomic::Ordering::*;\nfence(SeqCst);").len(),
        1
    );
    assert_eq!(
        check("pub(crate) use core::sync::atomic::Ordering::SeqCst;"),
        [""; 0]
    );
}

#[test]
fn the_words_may_mean_other_things() {
    assert_eq!(
        check("enum Verb { Acquire, Release }\nfn f() { g(Verb::Release) }"),
        [""; 0]
    );
    assert_eq!(
        check("// Ordering::SeqCst\nlet s = \"Ordering::SeqCst\";"),
        [""; 0]
    );
}

#[test]
fn tests_are_exempt() {
    assert_eq!(
        check("#[cfg(test)]\nmod t { fn f() { x.load(Ordering::SeqCst); } }"),
        [""; 0]
    );
}
