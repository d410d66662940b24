use super::readmes;
use crate::tidy::findings;
use crate::tidy::project::Project;

const NOWHERE: &str = "crates/a/README.md:1: a link that leads nowhere outside of rustdoc: ";

fn of(text: &str) -> Vec<String> {
    let files = [
        ("crates/a/README.md", text),
        ("crates/a/src/lib.rs", ""),
        ("docs/guide.md", ""),
    ];
    findings(readmes, &Project::sample(&files))
}

#[test]
fn links_that_lead_somewhere_pass() {
    for text in [
        "[`A`](https://docs.rs/a/latest/a/struct.A.html#method.b)",
        "[guide](../../docs/guide.md#part), [src](src), [all](../../docs/)",
        "[below](#below)",
        "[`A`] and [`A`][] and [that][`A`]\n\n[`A`]: https://docs.rs/a",
        "`A`, `a[0]`, `[a](b::c)`, ``[`a`](b)``, an array [0] and [x; n]",
    ] {
        assert_eq!(of(text), [""; 0], "{text}");
    }
}

#[test]
fn links_that_only_rustdoc_resolves_fail() {
    for (text, shown) in [
        ("[`run`](A::run)", "`run` (A::run)"),
        ("[run it](A)", "run it (A)"),
        ("[the\nway](A)", "the\nway (A)"),
        ("[`A`]", "`A`"),
        ("[`A`][]", "`A` [`A`]"),
        ("[that][`A`]", "that [`A`]"),
        ("[that]: crate::that\n", "that (crate::that)"),
        ("[gone](../../docs/gone.md)", "gone (../../docs/gone.md)"),
    ] {
        assert_eq!(of(text), [format!("{NOWHERE}{shown}")], "{text}");
    }
}

#[test]
fn a_link_is_found_where_it_is_and_not_in_code() {
    let text = "# a\n\n```rust\nlet a = b[`c`](d::e);\n```\n\ntext\n[`A`]\n";
    assert_eq!(
        of(text),
        ["crates/a/README.md:8: a link that leads nowhere outside of rustdoc: `A`"]
    );
}

#[test]
fn a_fence_has_a_language() {
    assert_eq!(of("```rust,no_run\nf()\n```\n```text\n# a\n```"), [""; 0]);
    for fence in ["```", "```no_run", "```should_panic"] {
        assert_eq!(
            of(&format!("{fence}\nf()\n```\n")),
            ["crates/a/README.md:1: a fence without a language"],
            "{fence}"
        );
    }
}

#[test]
fn no_line_of_an_example_is_hidden() {
    let hides = |line: &str| of(&format!("```rust\n{line}\nf();\n```\n"));
    for line in ["# fn main() {", "    # let a = 1;", "#"] {
        assert_eq!(
            hides(line),
            ["crates/a/README.md:2: a line that only rustdoc hides"],
            "{line}"
        );
    }
    assert_eq!(hides("#[tokio::main]"), [""; 0]);
    // A comment, and shown.
    assert_eq!(of("```sh\n# builds\nmake\n```\n"), [""; 0]);
}

#[test]
fn other_pages_may_link_as_they_like() {
    let files = [("crates/a/NOTES.md", "[`A`](A)\n```\n```")];
    assert_eq!(findings(readmes, &Project::sample(&files)), [""; 0]);
}
