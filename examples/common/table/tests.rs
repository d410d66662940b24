use super::*;

fn cells<const N: usize>(cells: [&str; N]) -> [String; N] {
    cells.map(str::to_owned)
}

#[test]
fn columns_line_up() {
    let mut table = Table::new([Align::Left, Align::Right, Align::Left]);
    table.row(cells(["Name", "Count", "End"]));
    table.rule();
    table.row(cells(["a", "1", "x"]));
    table.row(cells(["béé", "1,000,000", ""]));
    let expected = "\
Name      Count  End
────────────────────
a             1  x
béé   1,000,000
";
    assert_eq!(table.render(), expected);
}

#[test]
fn a_short_row_is_padded_by_nothing() {
    let mut table = Table::new([Align::Left, Align::Left]);
    table.row(cells(["only"]));
    table.row(cells(["one", "two"]));
    assert_eq!(table.render(), "only\none   two\n");
}

#[test]
#[should_panic(expected = "wider than its table")]
fn a_row_wider_than_the_table_is_refused() {
    Table::new([Align::Left]).row(cells(["one", "two"]));
}
