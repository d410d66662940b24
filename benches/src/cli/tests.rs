use clap::Parser;

use super::Args;

fn parse(line: &str) -> Args {
    Args::try_parse_from(line.split(' ')).unwrap_or_else(|error| panic!("{line}: {error}"))
}

fn rejects(line: &str) -> bool {
    Args::try_parse_from(line.split(' ')).is_err()
}

#[test]
fn a_filter_is_any_of_its_substrings() {
    let args = parse("bench spsc_,pingpong --quick");
    assert!(args.wants("spsc_1024_mt") && args.wants("pingpong_ct"));
    assert!(!args.wants("mpsc4_1024_mt"));
    assert!(parse("bench").wants("anything"));
}

#[test]
fn numbers_replace_the_usual_effort() {
    let usual = parse("bench --quick").effort();
    let changed = parse("bench --quick --rounds 5").effort();
    assert_eq!((changed.rounds, changed.messages), (5, usual.messages));
    assert_eq!(parse("bench --messages 7").effort().messages, 7);
    assert!(rejects("bench --rounds 0") && rejects("bench --messages many"));
}

#[test]
fn a_name_cannot_leave_its_folder() {
    assert_eq!(
        parse("bench --save before.2-a").save.as_deref(),
        Some("before.2-a")
    );
    for name in ["../x", "a/b", ".hidden", "a\\b"] {
        assert!(rejects(&format!("bench --save {name}")), "{name}");
    }
}

#[test]
fn once_takes_a_group_and_a_name() {
    let args = parse("bench --once spsc_1024_ct aqueduct --messages 10");
    assert_eq!(
        args.once.as_deref(),
        Some(&["spsc_1024_ct".to_owned(), "aqueduct".to_owned()][..])
    );
    assert!(rejects("bench --once spsc_1024_ct"));
}
