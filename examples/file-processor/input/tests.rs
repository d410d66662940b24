use super::*;
use crate::scratch::Scratch;

#[test]
fn every_missing_path_is_named() {
    let scratch = Scratch::new();
    let good = scratch.file("good.rs", "");
    let missing = [scratch.path().join("one"), scratch.path().join("two/three")];
    let error = roots(&[missing[0].clone(), good, missing[1].clone()]).unwrap_err();
    let text = error.to_string();
    for path in &missing {
        let expected = format!("no such file or directory: {}", path.display());
        assert!(text.contains(&expected), "{text}");
    }
    assert!(!text.contains("good.rs"), "{text}");
    assert_eq!(text.lines().count(), 2);
}

#[cfg(unix)]
#[test]
fn a_path_that_leads_through_a_file_is_an_error_with_its_reason() {
    let scratch = Scratch::new();
    let below_a_file = scratch.file("file", "").join("below");
    let text = roots(&[below_a_file]).unwrap_err().to_string();
    assert!(
        text.starts_with("cannot open ") && text.contains("Not a directory"),
        "{text}"
    );
}

#[test]
fn a_path_given_twice_is_one_root() {
    let scratch = Scratch::new();
    scratch.file("sub/a.rs", "");
    let given = [scratch.path().to_owned(), scratch.path().join("sub/..")];
    let roots = roots(&given).unwrap();
    assert_eq!(roots.paths, BTreeSet::from([scratch.path().to_owned()]));
    assert_eq!(roots.to_string(), "1 path");
}

#[test]
fn members_lie_in_the_workspace_and_packages_beside_it() {
    let package = |path: &str| Package {
        manifest_path: path.into(),
    };
    let metadata = Metadata {
        workspace_root: "/w".into(),
        packages: vec![
            package("/w/crates/a/Cargo.toml"),
            package("/src/dep-1.0.0/Cargo.toml"),
            package("/w2/dep/Cargo.toml"),
        ],
    };
    let expected: Vec<PathBuf> = vec!["/src/dep-1.0.0".into(), "/w2/dep".into(), "/w".into()];
    assert_eq!(source_directories(metadata), expected);
}

#[test]
fn cargo_knows_this_workspace() {
    let directory = workspace_directory();
    let metadata = ask(&directory, &["--offline", "--no-deps"]).unwrap();
    let own = metadata.packages.iter().any(|package| {
        package
            .manifest_path
            .parent()
            .is_some_and(|parent| parent.ends_with("examples"))
    });
    assert!(own, "{metadata:?}");
    assert!(directory.starts_with(&metadata.workspace_root));
}

#[test]
fn what_cargo_says_of_a_failure_is_kept() {
    let why = ask(Scratch::new().path(), &["--offline", "--no-deps"]).unwrap_err();
    assert!(why.contains("Cargo.toml"), "{why}");
}

#[test]
fn the_host_is_read_from_the_compilers_version() {
    let version = "rustc 1.89.0\nbinary: rustc\nhost: x86_64-unknown-linux-gnu\nrelease: 1.89.0\n";
    assert_eq!(
        host_line(version).as_deref(),
        Some("x86_64-unknown-linux-gnu")
    );
    assert_eq!(host_line("rustc 1.89.0\n"), None);
}
