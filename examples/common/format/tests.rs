use super::*;

#[test]
fn digits_are_grouped_by_three() {
    let texts = [0, 999, 1_000, 12_345, 1_234_567].map(grouped);
    assert_eq!(texts, ["0", "999", "1,000", "12,345", "1,234,567"]);
    assert_eq!(grouped(u64::MAX), "18,446,744,073,709,551,615");
}

#[test]
fn a_megabyte_has_a_million_bytes() {
    assert_eq!(megabytes(1_550_000), "1.6 MB");
    assert_eq!(rate(3_000_000, Duration::from_millis(500)), "6 MB/s");
    assert_eq!(rate(3_000_000, Duration::ZERO), "0 MB/s");
}

#[test]
fn one_is_singular() {
    assert_eq!(counted(1, "file", "files"), "1 file");
    assert_eq!(counted(0, "file", "files"), "0 files");
    assert_eq!(counted(2_000, "file", "files"), "2,000 files");
}
