use super::*;

#[test]
fn what_is_spoken_is_fetched() {
    for url in ["http://localhost/", "http://[::1]:80/a?b=c", "HTTP://x"] {
        assert!(parse(url).is_ok(), "{url}");
    }
}

#[test]
fn what_is_no_url_is_named_with_its_fault() {
    for (url, why) in [
        ("https://localhost/", "https is not spoken here"),
        ("ftp://localhost/", "ftp is not spoken here"),
        ("localhost", "it does not say how (http://localhost?)"),
        ("http://", "no URL"),
        ("http://a b/", "no URL"),
        ("", "no URL"),
    ] {
        let error = parse(url).unwrap_err();
        assert!(error.contains(why), "{url}: {error}");
    }
}

#[test]
fn a_file_has_a_url_a_line() {
    let text = "http://a/#top\n\n# a remark\n  http://b/  \nhttp://c/ # another\n";
    let urls: Vec<_> = lines(text).collect();
    assert_eq!(urls, ["http://a/#top", "http://b/", "http://c/"]);
}

#[test]
fn all_that_is_wrong_is_told_up_to_a_limit() {
    let texts: Vec<_> = (0..SHOWN + 2).map(|number| format!("x{number}:")).collect();
    let error = parse_all(&texts).unwrap_err();
    assert_eq!(error.lines().count(), SHOWN + 1);
    assert!(error.ends_with("and 2 more"), "{error}");
}
