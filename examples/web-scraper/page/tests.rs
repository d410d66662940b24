use super::*;

fn links(html: &str) -> Vec<String> {
    let url = Url::parse("http://a.test/dir/page?q=1").unwrap();
    read(html.as_bytes(), &url).links.into_iter().collect()
}

#[test]
fn links_are_resolved() {
    for (href, to) in [
        ("x", "http://a.test/dir/x"),
        ("../x", "http://a.test/x"),
        ("/x?a=1&amp;b=2", "http://a.test/x?a=1&b=2"),
        ("?q=2", "http://a.test/dir/page?q=2"),
        ("//b.test", "http://b.test/"),
        (" http://B.test:80/x#part ", "http://b.test/x"),
        ("#part", "http://a.test/dir/page?q=1"),
        ("https://a.test/", "https://a.test/"),
        ("a b", "http://a.test/dir/a%20b"),
    ] {
        assert_eq!(links(&format!("<A HREF=\"{href}\">")), [to], "{href}");
    }
}

#[test]
fn what_is_no_link_is_none() {
    for html in [
        "<a>",
        "<a href='mailto:a@b.test'>",
        "<a href='javascript:go()'>",
        "<a href='http://'>",
        "<img src=x>",
        "<!-- <a href=x> -->",
        "<script>'<a href=x>'</script>",
        "<style><a href=x></style>",
        "<title><a href=x></title>",
        "<a href=x",
        "\u{0}\u{fffd}PNG",
    ] {
        assert_eq!(links(html), [""; 0], "{html}");
    }
}

#[test]
fn the_first_base_counts() {
    let html = "<base href=/b/><base href=/c/><area href=x><a href=x>";
    assert_eq!(links(html), ["http://a.test/b/x"]);
}

#[test]
fn the_title_is_one_line_without_entities() {
    let url = Url::parse("http://a.test/").unwrap();
    let title = |html: &[u8]| read(html, &url).title;
    assert_eq!(
        title(b"<title>\n a &amp;\n b </title><svg><title>c</title></svg>"),
        Some("a & b".to_owned())
    );
    assert_eq!(title(b"<p>no"), None);
    assert_eq!(title(b"<title>\xff</title>"), Some("\u{fffd}".to_owned()));
}
