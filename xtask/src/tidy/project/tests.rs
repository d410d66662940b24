//! Which files are test files.

use super::Project;

#[test]
fn modules_declared_for_tests_are_test_files() {
    let project = Project::sample(&[
        (
            "crates/a/src/lib.rs",
            "mod ring;\n#[cfg(test)]\nmod support;\nmod tests_of_time;",
        ),
        ("crates/a/src/support.rs", ""),
        ("crates/a/src/tests_of_time.rs", ""),
        ("crates/a/src/ring.rs", "#[cfg(test)]\nmod tests;"),
        ("crates/a/src/ring/tests.rs", "mod loom;"),
        ("crates/a/src/ring/tests/loom.rs", ""),
        ("crates/a/src/ring/slot.rs", ""),
        ("crates/a/tests/it/main.rs", ""),
    ]);
    let files = |test: bool| {
        let paths = project
            .sources
            .keys()
            .filter(|path| project.is_test_file(path) == test);
        paths
            .map(|path| path.rsplit_once("crates/a/").unwrap().1)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        files(true),
        [
            "src/ring/tests.rs",
            "src/ring/tests/loom.rs",
            "src/support.rs",
            "tests/it/main.rs"
        ]
    );
    assert_eq!(
        files(false),
        [
            "src/lib.rs",
            "src/ring.rs",
            "src/ring/slot.rs",
            "src/tests_of_time.rs"
        ]
    );
}

#[test]
fn a_sample_reads_rust_alone() {
    let project = Project::sample(&[("a.md", "fn"), ("a.rs", "fn")]);
    assert_eq!(project.files.len(), 2);
    assert_eq!(project.sources.keys().collect::<Vec<_>>(), ["a.rs"]);
}
