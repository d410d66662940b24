use super::{safety_comments, unsafe_code};
use crate::tidy::findings;
use crate::tidy::project::{Member, Project};

fn forbidding(name: &str, text: &str) -> Vec<String> {
    let root = format!("crates/{name}/src/lib.rs");
    let member = Member {
        name: name.to_owned(),
        roots: vec![root.clone()],
        ..Member::default()
    };
    findings(
        unsafe_code,
        &Project::sample(&[(&root, text)]).with_members([member]),
    )
}

fn safety(text: &str) -> Vec<String> {
    findings(
        safety_comments,
        &Project::sample(&[("crates/a/src/ring.rs", text)]),
    )
}

#[test]
fn unsafe_is_forbidden_where_it_is_not_allowed() {
    assert!(forbidding("aqueduct-stream", "//! Doc.\n#![forbid( unsafe_code )]\n").is_empty());
    assert!(forbidding("aqueduct-core", "//! Doc.\n").is_empty());
    assert_eq!(
        forbidding(
            "aqueduct-stream",
            "//! Doc.\n#![deny(unsafe_code)]\n// #![forbid(unsafe_code)]\n"
        ),
        ["crates/aqueduct-stream/src/lib.rs:1: aqueduct-stream does not forbid unsafe code"]
    );
}

#[test]
fn a_cited_invariant_that_is_stated_passes() {
    for stated in [
        "//! I1. Ours.",
        "//! - I1: ours.",
        "//! * **I1.** Ours.",
        "    //! I1. Ours.",
    ] {
        let text = format!(
            "{stated}\n// SAFETY: by I1.\nunsafe {{ f() }}\n// SAFETY: I1 again.\nunsafe impl S for T {{}}"
        );
        assert_eq!(safety(&text), [""; 0], "{stated}");
    }
}

#[test]
fn each_unsafe_block_and_impl_is_argued_for() {
    let text = "//! I1. Ours.\nfn f() {\n    unsafe { g() };\n}\nunsafe impl<T> Send for S<T> {}\n";
    assert_eq!(
        safety(text),
        [
            "crates/a/src/ring.rs:3: unsafe without a SAFETY comment",
            "crates/a/src/ring.rs:5: unsafe without a SAFETY comment",
        ]
    );
}

#[test]
fn a_safety_comment_cites_a_stated_invariant() {
    let text = "//! I1. Ours.\n// SAFETY: it is fine.\nunsafe { f() };\n// SAFETY: by I1 and I12.\nunsafe { f() };";
    assert_eq!(
        safety(text),
        [
            "crates/a/src/ring.rs:3: the SAFETY comment cites no invariant",
            "crates/a/src/ring.rs:5: the SAFETY comment cites I12, which this module's doc does not state",
        ]
    );
}

#[test]
fn a_comment_that_mentions_an_invariant_does_not_state_it() {
    let text =
        "//! It follows from I1. See there.\n// I1. Ours.\n// SAFETY: by I1.\nunsafe { f() };";
    assert_eq!(safety(text).len(), 1);
}

#[test]
fn a_module_inherits_the_invariants_of_those_above_it() {
    let user = (
        "crates/a/src/ring/slot.rs",
        "// SAFETY: by I1.\nunsafe { f() };",
    );
    let of = |other| findings(safety_comments, &Project::sample(&[user, other]));
    assert!(of(("crates/a/src/ring.rs", "//! I1. Ours.")).is_empty());
    assert!(of(("crates/a/src/lib.rs", "//! I1. Ours.")).is_empty());
    assert_eq!(of(("crates/a/src/queue.rs", "//! I1. Theirs.")).len(), 1);
    assert_eq!(of(("crates/b/src/ring.rs", "//! I1. Theirs.")).len(), 1);
}

#[test]
fn an_invariant_of_another_module_is_cited_with_its_name() {
    let ring = ("crates/a/src/spsc/ring.rs", "//! I1. Ours.");
    let of = |safety: &str| {
        let text = format!("// SAFETY: by {safety}.\nunsafe {{ f() }};");
        let files = [
            ring,
            ("crates/a/src/spsc/sender.rs", text.as_str()),
            ("crates/b/src/pool.rs", "//! I1. Ours."),
        ];
        findings(safety_comments, &Project::sample(&files))
    };
    assert_eq!(of("I1 of the ring: it\n// is so"), [""; 0]);
    assert_eq!(of("I1 of\n// the ring"), [""; 0]);
    assert_eq!(of("I1").len(), 1);
    assert_eq!(
        of("I2 of the ring, I1 of the pool"),
        [
            "crates/a/src/spsc/sender.rs:2: the SAFETY comment cites I1, which the doc of `pool` does not state",
            "crates/a/src/spsc/sender.rs:2: the SAFETY comment cites I2, which the doc of `ring` does not state",
        ]
    );
}

#[test]
fn what_declares_a_contract_is_no_use_of_one() {
    let text = "pub unsafe fn f() {}\nunsafe trait T {}\nunsafe extern \"C\" {}\nstatic S: &str = \"unsafe { }\";";
    assert_eq!(safety(text), [""; 0]);
}

#[test]
fn tests_are_left_to_clippy() {
    assert_eq!(safety("#[cfg(test)]\nfn t() { unsafe { f() } }"), [""; 0]);
}

#[test]
fn macros_are_looked_into() {
    assert_eq!(
        safety("macro_rules! m { () => { unsafe { f() } }; }").len(),
        1
    );
}
