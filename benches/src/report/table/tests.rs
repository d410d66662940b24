use super::{figure, table};
use crate::report::tests::{group, row};

#[test]
fn shows_ours_the_peers_and_their_ratios() {
    let mut group = group(vec![
        row("spsc_1_mt", "aqueduct", 20.0),
        row("spsc_1_mt", "kanal", 10.0),
        row("spsc_1_mt", "tokio", 200.0),
    ]);
    group.notes.push(("kanal".to_owned(), "holds 2"));
    group.panicked.push("flume".to_owned());

    let expected = "\
spsc_1_mt · ns/op, lower is better · median of 9 rounds
about it

             version        min     median        p90        max    to ours
  aqueduct     1.2.3       19.0       20.0       21.0       22.0
  kanal †      1.2.3       9.00       10.0       11.0       12.0      0.50×
  tokio        1.2.3        199        200        201        202     10.00×
  † kanal holds 2: shown, not compared
  flume panicked and is left out

  aqueduct takes 0.10 of the best peer's, tokio
";
    assert_eq!(table(&group), expected);
}

#[test]
fn says_nothing_of_ratios_without_ours() {
    let text = table(&group(vec![row("g", "tokio", 200.0)]));
    assert!(!text.contains('×') && !text.contains("takes"), "{text}");
}

#[test]
fn figures_have_three_digits_or_are_whole() {
    assert_eq!(
        [0.25, 9.994, 12.34, 99.94, 1234.5].map(figure),
        ["0.25", "9.99", "12.3", "99.9", "1234"]
    );
}
