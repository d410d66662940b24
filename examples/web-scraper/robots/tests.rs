use super::*;

fn allowed(text: &str, path: &str) -> bool {
    Robots::parse(text, "scraper").allows(path)
}

#[test]
fn prefixes_are_disallowed() {
    let text = "User-agent: *\nDisallow: /private # not yours\nDisallow:\n";
    assert!(allowed(text, "/"));
    assert!(allowed(text, "/public"));
    assert!(!allowed(text, "/private"));
    assert!(!allowed(text, "/private/x?y"));
}

#[test]
fn the_longest_rule_counts() {
    let text = "user-agent: *\ndisallow: /a\nallow: /a/b\ndisallow: /a/b/c\nallow: /a/b/c\n";
    assert!(!allowed(text, "/a/x"));
    assert!(allowed(text, "/a/b/x"));
    assert!(allowed(text, "/a/b/c"), "of two as long, the kinder one");
}

#[test]
fn groups_are_by_agent() {
    let text = "Disallow: /before\n\nUser-agent: other\nDisallow: /\n\nUser-agent: more\nUser-agent: *\nDisallow: /all\n";
    assert!(allowed(text, "/x"));
    assert!(allowed(text, "/before"));
    assert!(!allowed(text, "/all"));
    let ours = format!("{text}User-agent: Scraper\nDisallow: /us\n");
    assert!(allowed(&ours, "/all"), "there is a group for us");
    assert!(!allowed(&ours, "/us"));
}

#[test]
fn patterns_leave_more_alone() {
    let text = "User-agent: *\nDisallow: /x*.png$\nAllow: /x*/y\n";
    assert!(!allowed(text, "/xa/y"));
    assert!(allowed(text, "/y.png"));
    assert!(!allowed("User-agent: *\nDisallow: *.png", "/any"));
}

#[test]
fn anything_is_a_file() {
    for text in ["", "<html>", ":", "User-agent", "Disallow: /", "\u{0}\n:\n"] {
        assert_eq!(Robots::parse(text, "scraper"), Robots::none());
    }
}
