use super::leaks;
use crate::tidy::findings;
use crate::tidy::project::Project;

const LOCK: &str = "source = \"registry+https://github.com/rust-lang/crates.io-index\"\n";

fn check(path: &str, text: &str) -> Vec<String> {
    let mut files = vec![("Cargo.lock", LOCK)];
    files.retain(|(lock, _)| *lock != path);
    files.push((path, text));
    findings(leaks, &Project::sample(&files))
}

#[test]
fn a_path_of_one_machine_fails() {
    for folder in super::FOLDERS {
        for line in [
            format!("{folder}me/x"),
            format!("path = \"{folder}x\""),
            format!("see ({folder}x)"),
        ] {
            let found = check("a.md", &format!("fine\n{line}\n"));
            assert_eq!(
                found,
                [format!("a.md:2: a path of one machine ({folder}…)")],
                "{line}"
            );
        }
    }
}

#[test]
fn a_path_that_only_looks_like_one_passes() {
    let work = concat!("/wo", "rk/");
    for line in [
        format!("https://example.com{work}x"),
        format!("crates{work}x"),
        format!("$ROOT{work}x"),
        format!("{{root}}{work}x"),
        format!("..{work}x"),
        "network/x, /workspace/x".to_owned(),
    ] {
        assert_eq!(check("a.md", &line), [""; 0], "{line}");
    }
}

#[test]
fn the_address_of_a_mirror_fails() {
    for mirror in super::MIRRORS {
        let text = format!("fine\nhttps://example.com/{}/api", mirror.to_uppercase());
        assert_eq!(
            check("a.md", &text),
            ["a.md:2: the address of a mirror of the registry"],
            "{mirror}"
        );
    }
    assert_eq!(
        check(
            "a.md",
            "https://index.crates.io/ and https://static.crates.io"
        ),
        [""; 0]
    );
}

#[test]
fn dependencies_come_from_crates_io() {
    assert_eq!(check("a.md", ""), [""; 0]);
    for source in [
        "registry+https://mirror.example/index",
        "git+https://example.com/x#1",
        "sparse+https://m.example/",
    ] {
        let lock = format!("{LOCK}source = \"{source}\"\n");
        assert_eq!(
            check("Cargo.lock", &lock),
            ["Cargo.lock:2: a dependency that is not from crates.io"],
            "{source}"
        );
    }
}

#[test]
fn the_lock_file_is_committed() {
    assert_eq!(
        findings(leaks, &Project::default()),
        ["Cargo.lock:1: there is no lock file"]
    );
}

#[test]
fn the_configuration_names_no_registry() {
    let path = ".cargo/config.toml";
    assert_eq!(
        check(path, "[alias]\nxtask = \"run --package xtask --\"\n"),
        [""; 0]
    );
    for setting in [
        "[source.crates-io]",
        "[registries.mine]",
        "[http]",
        "replace-with = \"mine\"",
    ] {
        let wrong = "a registry or network setting in the workspace's configuration";
        assert_eq!(
            check(path, setting),
            [format!("{path}:1: {wrong}")],
            "{setting}"
        );
    }
}
