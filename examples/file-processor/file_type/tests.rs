use super::*;

fn of(path: &str) -> String {
    FileType::of(Path::new(path)).to_string()
}

#[test]
fn known_extensions_have_a_language_in_any_case() {
    assert_eq!(of("src/lib.rs"), "Rust");
    assert_eq!(of("README.MD"), "Markdown");
    assert_eq!(of("a.b.yml"), of("c.yaml"));
}

#[test]
fn whole_names_go_first() {
    assert_eq!(of("x/CMakeLists.txt"), "CMake");
    assert_eq!(of("x/notes.txt"), "Text");
    assert_eq!(of("Cargo.lock"), "Cargo.lock");
    assert_eq!(of("Cargo.toml"), "TOML");
}

#[test]
fn unknown_extensions_stand_for_themselves() {
    assert_eq!(of("x.Orig"), ".orig");
    assert_eq!(of("x.abcdefghijkl"), ".abcdefghijkl");
}

#[test]
fn what_names_no_type_is_gathered() {
    for path in ["LICENSE", ".gitignore", "..", "dir.d/file"] {
        assert_eq!(of(path), NO_EXTENSION, "{path}");
    }
    for path in [
        "LICENSE-2.0",
        "notes.v1 final",
        "x.abcdefghijklm",
        "x.é",
        "x.12",
    ] {
        assert_eq!(of(path), ODD_EXTENSION, "{path}");
    }
}
