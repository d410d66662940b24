use super::named_tests;
use crate::tidy::findings;
use crate::tidy::project::Project;

const TESTS: &str = "#[test]\nfn plain() {}\n\n#[tokio::test(start_paused = true)]\n#[ignore = \"long\"]\nasync fn paused() {}\n\n\
                     proptest! {\n    #![proptest_config(few())]\n    #[test]\n    fn of_cases(case in case()) {}\n}\n\n\
                     fn helper() {}\n\n// #[test] fn put_away() {}\n";

fn check(doc: &str) -> Vec<String> {
    let files = [
        ("docs/rules.md", doc),
        ("crates/a/src/decide/tests/rules.rs", TESTS),
        ("crates/b/tests/it/rules.rs", "#[test]\nfn other() {}"),
    ];
    findings(named_tests, &Project::sample(&files))
}

#[test]
fn a_test_that_is_there_passes() {
    let doc = "| a | `tests/rules.rs::plain`, `crates/a/src/decide/tests/rules.rs::paused` |\n| b | `rules.rs::of_cases` |\n\
               `rules.rs::other`, `CancelScope::child`, `rules.rs`, rules.rs::gone";
    assert_eq!(check(doc), [""; 0]);
}

#[test]
fn a_test_that_is_gone_fails() {
    for (name, wrong) in [
        ("rules.rs::gone", "there is no such test in that file"),
        ("rules.rs::helper", "there is no such test in that file"),
        ("rules.rs::put_away", "there is no such test in that file"),
        ("it/rules.rs::plain", "there is no such test in that file"),
        ("old.rs::plain", "there is no such file"),
        ("ules.rs::plain", "there is no such file"),
    ] {
        let expected = format!("docs/rules.md:2: `{name}`: {wrong}");
        assert_eq!(
            check(&format!("| rule | test |\n| a | `{name}` |")),
            [expected]
        );
    }
}
