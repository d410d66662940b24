use super::{cancel_safety, readmes};
use crate::tidy::findings;
use crate::tidy::project::{Member, Project};

fn member() -> Member {
    Member {
        name: "a".to_owned(),
        dir: "crates/a".to_owned(),
        published: true,
        roots: vec!["crates/a/src/lib.rs".to_owned()],
        ..Member::default()
    }
}

fn cancel(files: &[(&str, &str)]) -> Vec<String> {
    findings(
        cancel_safety,
        &Project::sample(files).with_members([member()]),
    )
}

fn cancel_in(text: &str) -> Vec<String> {
    cancel(&[("crates/a/src/lib.rs", text)])
}

#[test]
fn a_readme_is_its_crates_doc() {
    let readme = ("crates/a/README.md", "# a");
    let of = |files: &[_]| findings(readmes, &Project::sample(files).with_members([member()]));
    assert!(
        of(&[
            readme,
            (
                "crates/a/src/lib.rs",
                "#![doc = include_str!(\"../README.md\")]"
            )
        ])
        .is_empty()
    );
    assert_eq!(
        of(&[("crates/a/src/lib.rs", "//! Something else.")]),
        [
            "crates/a/README.md:1: a has no README",
            "crates/a/src/lib.rs:1: the README is not the crate's doc"
        ]
    );
}

#[test]
fn programs_need_no_readme() {
    let program = Member {
        published: false,
        ..member()
    };
    assert!(findings(readmes, &Project::default().with_members([program])).is_empty());
}

const SECTION: &str = "/// Does.\n///\n/// # Cancel safety\n///\n/// *Strict*: nothing is lost.\n";

#[test]
fn an_async_fn_with_its_section_passes() {
    for item in [
        "pub async fn f() {}",
        "#[inline]\n#[must_use = \"a, b\"]\npub async fn f<A, B>() {}",
    ] {
        assert_eq!(cancel_in(&format!("{SECTION}{item}")), [""; 0], "{item}");
    }
    for promise in [
        "*Yields its\n/// place*",
        "Lossy, use `poll_f` instead",
        "Strict",
        "As [`send`](Self::send).",
    ] {
        let text = format!(
            "/// # Cancel safety\n/// {promise}\n/// # Panics\n/// Never.\npub async fn f() {{}}"
        );
        assert_eq!(cancel_in(&text), [""; 0], "{promise}");
    }
}

#[test]
fn an_async_fn_without_fails() {
    let text = format!("{SECTION}pub async fn f() {{}}\n\n/// Does.\npub async fn g() {{}}\n");
    assert_eq!(
        cancel_in(&text),
        ["crates/a/src/lib.rs:9: the async fn `g` does not say what dropping it does"]
    );
}

#[test]
fn a_section_makes_a_promise() {
    let text =
        "/// # Cancel safety\n/// Yes.\n/// # Panics\n/// Strict people do.\npub async fn f() {}";
    assert_eq!(
        cancel_in(text),
        [
            "crates/a/src/lib.rs:5: the section on cancel safety of the async fn `f` makes none of the three promises"
        ]
    );
}

#[test]
fn a_fn_that_returns_a_future_is_async() {
    assert_eq!(
        cancel_in("pub fn f() -> impl Future<Output = ()> { g() }").len(),
        1
    );
    assert_eq!(
        cancel_in("pub fn f() -> impl std::future::Future<Output = ()> + Send { g() }").len(),
        1
    );
    assert_eq!(
        cancel_in("pub fn f() -> impl Iterator<Item = u8> { g() }"),
        [""; 0]
    );
    assert_eq!(
        cancel_in("pub fn f(x: impl Future<Output = ()>) -> u8 { 1 }"),
        [""; 0]
    );
}

#[test]
fn what_is_not_public_needs_no_section() {
    for item in [
        "async fn f() {}",
        "pub(crate) async fn f() {}",
        "pub fn f() {}",
        "#[cfg(test)]\npub async fn f() {}",
    ] {
        assert_eq!(cancel_in(item), [""; 0], "{item}");
    }
}

#[test]
fn a_named_future_says_it_at_its_type() {
    let implementing = "impl<'a, T> core::future::Future for Recv<'a, T> {}";
    assert_eq!(
        cancel_in(&format!(
            "{SECTION}pub struct Recv<'a, T>(&'a T);\n{implementing}"
        )),
        [""; 0]
    );
    assert_eq!(
        cancel_in(&format!(
            "/// Waits.\npub struct Recv<'a, T>(&'a T);\n{implementing}"
        )),
        ["crates/a/src/lib.rs:2: the future `Recv` does not say what dropping it does"]
    );
    assert_eq!(
        cancel_in("pub struct Recv(u8);\nimpl Iterator for Recv {}"),
        [""; 0]
    );
}

#[test]
fn a_future_implemented_elsewhere_is_found_and_a_namesake_is_not() {
    let definition = ("crates/a/src/lib.rs", "pub struct Recv(u8);");
    assert_eq!(
        cancel(&[
            definition,
            ("crates/a/src/imp.rs", "impl Future for crate::Recv {}")
        ])
        .len(),
        1
    );
    let namesake = (
        "crates/a/src/imp.rs",
        "struct Recv;\nimpl Future for Recv {}",
    );
    assert_eq!(cancel(&[definition, namesake]), [""; 0]);
}

#[test]
fn macros_are_looked_into() {
    let text =
        "pin_project! {\n    /// Waits.\n    pub struct Recv { a: u8 }\n}\nimpl Future for Recv {}";
    assert_eq!(
        cancel_in(text),
        ["crates/a/src/lib.rs:3: the future `Recv` does not say what dropping it does"]
    );
}
