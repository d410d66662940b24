use std::cell::RefCell;

use super::*;
use crate::input;
use crate::scratch::Scratch;

/// Roots that need not be there.
fn these(paths: &[&Path]) -> Roots {
    let mut roots = input::roots(&[PathBuf::from(".")]).unwrap();
    roots.paths = paths.iter().map(|path| (*path).to_owned()).collect();
    roots
}

/// Everything found below the roots, in order of path, with skips after files.
fn found(roots: &[&Path]) -> Vec<String> {
    found_without(roots, &[])
}

/// The same, in a run that writes some files.
fn found_without(roots: &[&Path], own: &[&Path]) -> Vec<String> {
    let mut roots = these(roots);
    roots.own = own.iter().map(|path| (*path).to_owned()).collect();
    let mut all = Vec::new();
    let end = walk(&roots, |found| {
        all.push(match found {
            Found::File(path, _) => path.file_name().unwrap().to_string_lossy().into_owned(),
            Found::Skipped(why) => format!("~ {why}"),
            Found::LeftOut => "~ left out".to_owned(),
        });
        ControlFlow::Continue(())
    });
    assert_eq!(end, ControlFlow::Continue(()));
    all.sort();
    all
}

#[test]
fn finds_every_file_once() {
    let scratch = Scratch::new();
    for name in ["a.rs", "deep/b.rs", "deep/er/c.rs", ".hidden"] {
        scratch.file(name, "");
    }
    fs::create_dir(scratch.path().join("empty")).unwrap();
    assert_eq!(
        found(&[scratch.path()]),
        [".hidden", "a.rs", "b.rs", "c.rs"]
    );
}

#[test]
fn a_root_may_be_a_file() {
    let scratch = Scratch::new();
    let file = scratch.file("a.rs", "");
    assert_eq!(found(&[&file]), ["a.rs"]);
}

#[test]
fn roots_within_roots_are_walked_once() {
    let scratch = Scratch::new();
    let file = scratch.file("deep/a.rs", "");
    scratch.file("deep/er/b.rs", "");
    let roots = [
        scratch.path(),
        file.parent().unwrap(),
        &file,
        &scratch.path().join("deep/er"),
    ];
    assert_eq!(found(&roots), ["a.rs", "b.rs"]);
}

#[test]
fn version_control_and_build_output_are_left_out() {
    let scratch = Scratch::new();
    for name in [
        ".git/config",
        "crate/Cargo.toml",
        "crate/target/built.rs",
        "crate/src/target/source.rs",
        "shared/target/CACHEDIR.TAG",
        "shared/target/built.rs",
    ] {
        scratch.file(name, "");
    }
    assert_eq!(
        found(&[scratch.path()]),
        [
            "Cargo.toml",
            "source.rs",
            "~ left out",
            "~ left out",
            "~ left out"
        ]
    );
}

#[test]
fn a_root_is_entered_whatever_its_name() {
    let scratch = Scratch::new();
    let git = scratch.file(".git/config", "");
    let git = git.parent().unwrap();
    assert_eq!(found(&[git]), ["config"]);
    assert_eq!(found(&[scratch.path(), git]), ["config"]);
}

#[test]
fn a_root_that_vanished_is_skipped_and_the_others_are_not() {
    let scratch = Scratch::new();
    scratch.file("a/a.rs", "");
    let (gone, there) = (scratch.path().join("0"), scratch.path().join("a"));
    assert_eq!(
        found(&[&gone, &there]),
        ["a.rs", "~ vanished before it was read"]
    );
}

#[test]
fn a_directory_that_vanishes_meanwhile_is_skipped() {
    let scratch = Scratch::new();
    let inner = scratch.path().join("inner");
    fs::create_dir(&inner).unwrap();
    scratch.file("a.rs", "");
    // The file is seen before the directory is listed, since directories wait until their parent
    // has been listed to its end.
    let skips = RefCell::new(Vec::new());
    let _ = walk(&these(&[scratch.path()]), |found| {
        match found {
            Found::File(..) => fs::remove_dir(&inner).unwrap(),
            found => skips.borrow_mut().push(found),
        }
        ControlFlow::Continue(())
    });
    assert_eq!(skips.into_inner(), [Found::Skipped(Skip::Vanished)]);
}

#[test]
fn what_the_run_writes_is_passed_over() {
    let scratch = Scratch::new();
    let out = scratch.file("deep/out.jsonl", "");
    scratch.file("deep/a.rs", "");
    assert_eq!(found_without(&[scratch.path()], &[&out]), ["a.rs"]);
    assert_eq!(found_without(&[scratch.path(), &out], &[&out]), ["a.rs"]);
}

#[test]
fn files_come_with_their_length() {
    let scratch = Scratch::new();
    scratch.file("a.rs", "12345");
    let mut lengths = Vec::new();
    for root in [scratch.path(), &scratch.path().join("a.rs")] {
        let _ = walk(&these(&[root]), |found| {
            lengths.push(found.weight());
            ControlFlow::Continue(())
        });
    }
    assert_eq!(lengths, [5, 5]);
}

#[test]
fn breaking_ends_the_walk() {
    let scratch = Scratch::new();
    for number in 0..10 {
        scratch.file(&format!("{number}.rs"), "");
    }
    let mut seen = 0;
    let end = walk(&these(&[scratch.path()]), |_| {
        seen += 1;
        if seen == 3 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    assert_eq!((end, seen), (ControlFlow::Break(()), 3));
}

#[cfg(unix)]
#[test]
fn links_are_not_followed_and_loops_do_no_harm() {
    use std::os::unix::fs::symlink;

    let scratch = Scratch::new();
    let file = scratch.file("a.rs", "");
    symlink(&file, scratch.path().join("to_file.rs")).unwrap();
    symlink(scratch.path(), scratch.path().join("loop")).unwrap();
    symlink("nowhere", scratch.path().join("dangling")).unwrap();
    let link = format!("~ {}", Skip::Symlink);
    assert_eq!(found(&[scratch.path()]), ["a.rs", &link, &link, &link]);
}

#[cfg(unix)]
#[test]
fn a_socket_is_not_opened() {
    let scratch = Scratch::new();
    let path = scratch.path().join("socket");
    let _socket = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let special = format!("~ {}", Skip::Special);
    assert_eq!(found(&[scratch.path()]), [special.as_str()]);
    assert_eq!(found(&[&path]), [special.as_str()]);
}
