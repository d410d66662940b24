use super::*;

fn names(list: &[&str]) -> Names {
    let mut names = Names::default();
    for name in list {
        names.add(name.as_bytes(), name.len());
    }
    names
}

fn owned(list: &[(&str, u64)]) -> Vec<(String, u64)> {
    list.iter()
        .map(|&(name, count)| (name.to_owned(), count))
        .collect()
}

#[test]
fn the_most_frequent_come_first_and_equals_in_alphabetical_order() {
    let names = names(&["bb", "aa", "cc", "bb", "cc", "dd"]);
    assert_eq!(names.top(3), owned(&[("bb", 2), ("cc", 2), ("aa", 1)]));
    assert_eq!(names.top(4).last(), Some(&("dd".to_owned(), 1)));
}

#[test]
fn top_takes_any_number() {
    let names = names(&["aa", "bb"]);
    assert_eq!(names.top(0), []);
    assert_eq!(names.top(1), owned(&[("aa", 1)]));
    assert_eq!(names.top(2), names.top(usize::MAX));
    assert_eq!(Names::default().top(5), []);
}

#[test]
fn names_around_the_packed_length_are_kept_apart() {
    let lengths: Vec<String> = (1..=40).map(|length| "x".repeat(length)).collect();
    let list: Vec<&str> = lengths.iter().map(String::as_str).collect();
    let names = names(&list);
    assert_eq!(names.len(), 40);
    let mut found: Vec<_> = names.iter().collect();
    found.sort();
    let expected: Vec<_> = lengths.into_iter().map(|name| (name, 1)).collect();
    assert_eq!(found, expected);
}

#[test]
fn what_follows_a_name_is_not_part_of_it() {
    let mut names = Names::default();
    for text in [
        "abc",
        "abc+defghijklmnopqrstuvwxyz",
        "abc-",
        "abcdefghijklmnopq",
    ] {
        names.add(text.as_bytes(), 3);
    }
    let text = "sixteen_bytes_ok sixteen_bytes_ok";
    names.add(text.as_bytes(), 16);
    names.add(&text.as_bytes()[17..], 16);
    assert_eq!(names.top(9), owned(&[("abc", 4), ("sixteen_bytes_ok", 2)]));
}

#[test]
fn merging_is_adding_all() {
    let (left, right) = (
        ["aa", "a_name_of_many_bytes", "aa"],
        ["aa", "bb", "a_name_of_many_bytes"],
    );
    let mut merged = names(&left);
    merged.merge(names(&right));
    assert_eq!(merged.top(9), names(&[left, right].concat()).top(9));
    assert_eq!(merged.top(1), owned(&[("aa", 3)]));

    let mut empty = Names::default();
    assert!(empty.is_empty());
    empty.merge(names(&right));
    assert_eq!(empty.top(9), names(&right).top(9));
    empty.merge(Names::default());
    assert_eq!(empty.len(), 3);
}
