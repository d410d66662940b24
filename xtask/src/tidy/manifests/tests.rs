use cargo_metadata::semver::Version;

use super::{floors, manifests, rust_versions};
use crate::tidy::findings;
use crate::tidy::project::{Dependency, Member, Project};

const GOOD: &str = "\
[package]
name = \"low\"
edition.workspace = true
rust-version.workspace = true
license.workspace = true

[lints]
workspace = true
";

fn member(name: &str, floor: Option<u64>, dependencies: &[&str]) -> Member {
    Member {
        name: name.to_owned(),
        dir: format!("crates/{name}"),
        floor,
        published: true,
        dependencies: dependencies.iter().map(|d| (*d).to_owned()).collect(),
        ..Member::default()
    }
}

#[test]
fn lower_floors_may_be_depended_on() {
    let members = [
        member("low", Some(0), &["serde"]),
        member("high", Some(1), &["low"]),
    ];
    assert!(findings(floors, &Project::default().with_members(members)).is_empty());
}

#[test]
fn the_same_floor_and_higher_ones_may_not() {
    let manifest = "[package]\n\n[dependencies]\nb = \"1\"\nc = \"1\"\n";
    let members = [
        member("a", Some(1), &["b", "c"]),
        member("b", Some(1), &[]),
        member("c", Some(2), &[]),
    ];
    let project = Project::sample(&[("crates/a/Cargo.toml", manifest)]).with_members(members);
    assert_eq!(
        findings(floors, &project),
        [
            "crates/a/Cargo.toml:4: a on floor 1 depends on b on floor 1",
            "crates/a/Cargo.toml:5: a on floor 1 depends on c on floor 2",
        ]
    );
}

#[test]
fn every_member_has_a_floor() {
    let project = Project::default().with_members([member("a", None, &[])]);
    assert_eq!(
        findings(floors, &project),
        ["crates/a/Cargo.toml:1: a has no floor"]
    );
}

#[test]
fn a_good_manifest_passes() {
    let project = Project::sample(&[("crates/low/Cargo.toml", GOOD)]).with_members([member(
        "low",
        Some(0),
        &[],
    )]);
    assert!(findings(manifests, &project).is_empty());
}

#[test]
fn what_the_workspace_states_is_not_stated_again() {
    let text = GOOD
        .replace("edition.workspace = true", "edition = \"2021\"")
        .replace("[lints]", "[lints.rust]");
    let project = Project::sample(&[("crates/low/Cargo.toml", &text)]).with_members([member(
        "low",
        Some(0),
        &[],
    )]);
    assert_eq!(
        findings(manifests, &project),
        [
            "crates/low/Cargo.toml:1: low does not take the workspace's lints",
            "crates/low/Cargo.toml:1: low has its own edition",
        ]
    );
}

#[test]
fn a_crate_sits_in_the_folder_of_its_name() {
    let misplaced = Member {
        dir: "crates/elsewhere".to_owned(),
        ..member("low", Some(0), &[])
    };
    let project =
        Project::sample(&[("crates/elsewhere/Cargo.toml", GOOD)]).with_members([misplaced]);
    assert_eq!(
        findings(manifests, &project),
        ["crates/elsewhere/Cargo.toml:1: the crate low sits in crates/elsewhere"]
    );
}

#[test]
fn crates_are_published_and_nothing_else_is() {
    let inside = Member {
        published: false,
        ..member("low", Some(0), &[])
    };
    let outside = Member {
        dir: "out".to_owned(),
        ..member("out", Some(0), &[])
    };
    let files = [("crates/low/Cargo.toml", GOOD), ("out/Cargo.toml", GOOD)];
    assert_eq!(
        findings(
            manifests,
            &Project::sample(&files).with_members([inside, outside])
        ),
        [
            "crates/low/Cargo.toml:1: low is under crates/ and not published",
            "out/Cargo.toml:1: out is published and not under crates/",
        ]
    );
}

#[test]
fn dependencies_are_within_our_rust_version() {
    let dependency = |name: &str, rust: Option<(u64, u64)>| Dependency {
        name: name.to_owned(),
        version: Version::new(1, 2, 3),
        rust_version: rust.map(|(major, minor)| Version::new(major, minor, 0)),
        below: "low".to_owned(),
    };
    let mut project = Project::default();
    project.rust_version = Some(Version::new(1, 89, 0));
    project.dependencies = vec![
        dependency("silent", None),
        dependency("same", Some((1, 89))),
    ];
    assert!(findings(rust_versions, &project).is_empty());

    project
        .dependencies
        .push(dependency("newer", Some((1, 90))));
    assert_eq!(
        findings(rust_versions, &project),
        ["Cargo.toml:1: newer 1.2.3, which low depends on, needs Rust 1.90.0; we promise 1.89.0"]
    );
    project.rust_version = None;
    assert_eq!(
        findings(rust_versions, &project),
        ["Cargo.toml:1: no member states a rust-version"]
    );
}
