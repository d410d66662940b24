use std::sync::Barrier;

use super::{built, side_by_side};

#[test]
fn test_programs_are_told_from_what_else_was_built() {
    let artifact = |kind: &str, test: bool, executable: &str| {
        format!(
            r#"{{"reason":"compiler-artifact","package_id":"path+file:///w/one#0.1.0","manifest_path":"/w/one/Cargo.toml","target":{{"kind":["{kind}"],"crate_types":["{kind}"],"name":"it","src_path":"/w/one/it.rs","edition":"2024","doc":false,"doctest":false,"test":true}},"profile":{{"opt_level":"0","debuginfo":0,"debug_assertions":true,"overflow_checks":true,"test":{test}}},"features":[],"filenames":[],"executable":{executable},"fresh":false}}"#
        )
    };
    let said = [
        artifact("lib", false, "null"),
        artifact("bin", false, r#""/w/target/it""#),
        artifact("test", true, r#""/w/target/it-1""#),
        artifact("lib", true, r#""/w/target/one-1""#),
        r#"{"reason":"build-finished","success":true}"#.to_owned(),
    ];
    let programs = built(&said.join("\n"));
    let commands = programs.iter().map(|program| program.cmd().to_string());
    assert_eq!(
        Vec::from_iter(commands),
        [
            "CARGO_MANIFEST_DIR=/w/one /w/target/it-1",
            "CARGO_MANIFEST_DIR=/w/one /w/target/one-1"
        ]
    );
    assert_eq!(programs[0].selection(), ["--test", "it"]);
    assert_eq!(programs[1].selection(), ["--lib"]);
}

#[test]
fn two_jobs_are_done_at_once_and_all_of_them() {
    let both = Barrier::new(2);
    let mut seen = Vec::new();
    let run = |number: &u32| {
        // Alone, it would wait here for ever.
        both.wait();
        number * 2
    };
    side_by_side(&[1, 2, 3, 4], 2, run, |job, result| {
        seen.push((*job, result))
    });
    seen.sort_unstable();
    assert_eq!(seen, [(1, 2), (2, 4), (3, 6), (4, 8)]);
    side_by_side(&[], 2, |_: &u32| unreachable!(), |_, ()| unreachable!());
}
