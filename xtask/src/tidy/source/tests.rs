//! The scanner against what Rust allows to stand in a file.

use super::Source;

/// The words of the code layer.
fn code(text: &str) -> Vec<String> {
    Source::new(text)
        .words()
        .map(|(_, word)| word.to_owned())
        .collect()
}

/// What the comments on the first `needle` say.
fn on(text: &str, needle: &str) -> String {
    let source = Source::new(text);
    let at = source.code.find(needle).expect("the sample has the needle");
    let comments = source.comments_on(at);
    let words = comments.split_whitespace().filter(|w| !w.starts_with("//"));
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn layers_are_aligned() {
    let text = "let a = \"é//\"; // ü \"\nlet b = 'ü'; /* x */ c";
    let source = Source::new(text);
    assert_eq!(source.code.len(), text.len());
    assert_eq!(source.comments.len(), text.len());
    assert_eq!(&source.code[text.find("let b").unwrap()..][..5], "let b");
    assert!(source.comments.contains("// ü \"\n"));
}

#[test]
fn strings_hold_no_code() {
    assert_eq!(code(r#"f("a \" b \\", g)"#), ["f", "g"]);
    assert_eq!(code(r##"f(r#"a " b"#, g)"##), ["f", "r", "g"]);
    assert_eq!(code(r##"f(br#"a " b"#, r"c\", g)"##), ["f", "br", "r", "g"]);
    assert_eq!(code("f(b\"a\", c\"b\", g)"), ["f", "b", "c", "g"]);
    assert_eq!(code("\"two\nlines\" g"), ["g"]);
}

#[test]
fn comments_hold_no_code() {
    assert_eq!(code("a // b\n/// c\n//! d\ne"), ["a", "e"]);
    assert_eq!(code("a /* b /* c */ d */ e"), ["a", "e"]);
    assert_eq!(code("a /* \" */ b // '\nc"), ["a", "b", "c"]);
    assert_eq!(code("\"// no comment\" a"), ["a"]);
}

#[test]
fn a_lifetime_is_no_character() {
    assert_eq!(
        code("fn f<'a>(x: &'a str) -> &'a u8"),
        ["fn", "f", "a", "x", "a", "str", "a", "u8"]
    );
    assert_eq!(
        code("'x' '\\'' '\\\\' '\"' 'é' '\\u{1F600}' b'y' end"),
        ["b", "end"]
    );
    assert_eq!(
        code("'outer: loop { break 'outer }"),
        ["outer", "loop", "break", "outer"]
    );
}

#[test]
fn a_raw_identifier_is_no_string() {
    assert_eq!(code("r#type + bar + \"x\""), ["r", "type", "bar"]);
    assert_eq!(code("var\"x\" y"), ["var", "y"]);
}

#[test]
fn what_never_closes_ends_with_the_file() {
    for text in [
        "\"é",
        "r#\"é",
        "/* é",
        "'",
        "'\\",
        "b'",
        "r#",
        "#![cfg(test",
        "#[cfg(test)] mod",
    ] {
        let source = Source::new(text);
        assert_eq!(source.code.len(), text.len(), "{text}");
    }
}

#[test]
fn test_code_is_told_apart() {
    let text = "\
fn a() {}
#[cfg(test)]
#[allow(dead_code)]
fn b() -> [u8; 2] { if x { c() } }
#[cfg(all(test, unix))]
mod tests;
struct S { #[cfg(test)] d: u8, e: u8 }
#[cfg(any(test, unix))]
fn f() {}
#[cfg(not(test))]
fn g() {}
#[cfg(feature = \"test\")]
fn h() {}
#[test]
fn i() { j() }
#[cfg(test)]
impl<K, V> L<K, V> { fn m() {} }
fn n() {}
";
    let source = Source::new(text);
    let is_test = |name: &str| {
        let (at, _) = source.words().find(|(_, word)| *word == name).unwrap();
        source.is_test(at)
    };
    for name in ["b", "c", "tests", "d", "i", "j", "K", "m"] {
        assert!(is_test(name), "{name}");
    }
    for name in ["a", "e", "f", "g", "h", "n"] {
        assert!(!is_test(name), "{name}");
    }
    assert_eq!(source.test_modules().collect::<Vec<_>>(), ["tests"]);
}

#[test]
fn a_predicate_is_read_as_it_is_nested() {
    let is_test = |predicate: &str| Source::new(&format!("#[cfg({predicate})]\nmod m;")).is_test(0);
    for predicate in [
        "test",
        "all(unix, test)",
        "all(test, not(aqueduct_loom))",
        "all(any(unix, windows,), all(test))",
        "any(test, all(test, unix),)",
    ] {
        assert!(is_test(predicate), "{predicate}");
    }
    for predicate in [
        "not(test)",
        "any(test, unix)",
        "all(unix, not(test))",
        "unix",
        "testing",
        "all()",
        "test = \"a\"",
    ] {
        assert!(!is_test(predicate), "{predicate}");
    }
}

#[test]
fn an_inner_attribute_keeps_the_whole_file_for_tests() {
    assert!(Source::new("//! Doc.\n#![cfg(test)]\nfn a() {}").is_test(0));
    assert!(!Source::new("//! Doc.\n#![cfg(unix)]\nfn a() {}").is_test(0));
}

#[test]
fn lines_of_code_are_neither_blank_nor_comments() {
    assert_eq!(
        Source::new("//! a\n\nfn f() { // b\n    /* c\n    d */\n}\n").code_lines(),
        2
    );
}

#[test]
fn a_comment_stands_above_the_statement_or_in_it() {
    assert_eq!(on("// one\n// two\nlet x = a(X);", "X"), "one two");
    assert_eq!(on("let x = a(\n    b, // in\n    X,\n);", "X"), "in");
    assert_eq!(on("let x = a(X); // beside", "X"), "beside");
    assert_eq!(on("// why\nlet x =\n    self\n        .a(X);", "X"), "why");
    assert_eq!(
        on("// why\n#[inline]\n// more\nfn f() {}", "fn"),
        "why more"
    );
}

#[test]
fn a_comment_on_another_statement_is_none() {
    assert_eq!(on("// other\na();\nb(X);", "X"), "");
    assert_eq!(on("// other\na();\n\nb(X);", "X"), "");
    assert_eq!(on("// other\nif a {\n    b(X);\n}", "X"), "");
    assert_eq!(on("// other\nif a {}\nb(X);", "X"), "");
    assert_eq!(on("b(X);\n// below", "X"), "");
    assert_eq!(on("// apart\n\nb(X);", "X"), "");
}

#[test]
fn a_match_arm_is_a_statement() {
    let text = "match s {\n    // one\n    A => a(Y, 1),\n    // two\n    B => b(X, 2),\n}";
    assert_eq!(on(text, "X"), "two");
    let text = "match s {\n    // one\n    A => {}\n    B => b(X),\n}";
    assert_eq!(on(text, "X"), "");
}

#[test]
fn a_block_amid_a_line_belongs_to_the_statement_around_it() {
    assert_eq!(
        on("// why\nself.a\n    .with(|n| unsafe { n.b(X) });", "X"),
        "why"
    );
    assert_eq!(on("// why\nloop { match a(X) {} }", "X"), "why");
    assert_eq!(
        on("// why\nlet a = match s {\n    _ => 1,\n}\n.b(X);", "X"),
        "why"
    );
}
