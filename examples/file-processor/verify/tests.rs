use super::*;
use crate::input;
use crate::scratch::Scratch;

fn recount(roots: &[&Path]) -> Figures {
    let roots: Vec<_> = roots.iter().map(|root| (*root).to_owned()).collect();
    let roots = input::roots(&roots).unwrap();
    let scope = CancelScope::new();
    let recount = Recount::of(&roots, &scope);
    recount.unwrap().figures
}

fn expected(figures: &[(&str, u64)]) -> Figures {
    figures
        .iter()
        .map(|&(name, value)| (name.to_owned(), value))
        .collect()
}

#[test]
fn recounts_by_hand_counted_figures() {
    let scratch = Scratch::new();
    scratch.file("a.rs", "fn aa() {\n}\n");
    scratch.file("deep/b.rs", "fn fn 0x1f\n");
    scratch.file("deep/c.bin", [b'a', 0]);
    scratch.file(".git/config", "not entered");
    assert_eq!(
        recount(&[scratch.path()]),
        expected(&[
            ("Rust: bytes", 23),
            ("Rust: files", 2),
            ("Rust: identifier aa", 1),
            ("Rust: identifier fn", 3),
            ("Rust: lines", 3),
            ("Rust: words", 7),
            ("directories left out", 1),
            ("skipped: binary (holds NUL bytes)", 1),
        ])
    );
}

#[test]
fn roots_within_roots_are_recounted_once() {
    let scratch = Scratch::new();
    scratch.file("deep/a.rs", "fn aa\n");
    scratch.file(".git/b.rs", "fn bb\n");
    let (deep, git) = (scratch.path().join("deep"), scratch.path().join(".git"));
    let both = recount(&[scratch.path(), &deep, &git]);
    assert_eq!(both["Rust: files"], 2);
    assert_eq!(both["Rust: identifier fn"], 2);
    assert!(!both.contains_key(LEFT_OUT));
}

#[test]
fn a_stopped_recount_has_no_figures() {
    let scope = CancelScope::new();
    scope.cancel();
    let roots = input::roots(&[PathBuf::from(".")]).unwrap();
    assert!(Recount::of(&roots, &scope).is_none());
}

#[test]
fn every_kind_of_difference_is_found() {
    let counted = expected(&[("both", 1), ("only counted", 2), ("same", 3)]);
    let recounted = expected(&[("both", 2), ("only recounted", 4), ("same", 3)]);
    let difference = |figure: &str, counted, recounted| Difference {
        figure: figure.to_owned(),
        counted,
        recounted,
    };
    assert_eq!(
        compare(&counted, &recounted),
        Verdict::Disagrees(vec![
            difference("both", 1, 2),
            difference("only counted", 2, 0),
            difference("only recounted", 0, 4),
        ])
    );
    assert_eq!(compare(&counted, &counted), Verdict::Agrees { figures: 3 });
}

#[tokio::test]
async fn a_count_that_lost_anything_is_found_out() {
    let scratch = Scratch::new();
    scratch.file("a.rs", "fn aa\n");
    let roots = input::roots(&[scratch.path().to_owned()]).unwrap();
    let verdict = run(
        roots,
        &Counts::default(),
        &Files::default(),
        &CancelScope::new(),
    )
    .await;
    let Verdict::Disagrees(differences) = verdict else {
        panic!("{verdict:?}")
    };
    assert_eq!(differences.len(), 6, "{differences:?}");
}
