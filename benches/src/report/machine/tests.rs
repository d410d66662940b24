use super::date;

#[test]
fn days_become_dates() {
    assert_eq!(date(0), "1970-01-01");
    assert_eq!(date(58), "1970-02-28");
    assert_eq!(date(59), "1970-03-01");
    assert_eq!(date(11_016), "2000-02-29");
    assert_eq!(date(11_017), "2000-03-01");
    assert_eq!(date(20_453), "2025-12-31");
    assert_eq!(date(20_454), "2026-01-01");
}
