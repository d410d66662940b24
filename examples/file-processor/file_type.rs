//! What a file is, judged by its name alone.

use std::borrow::Cow;
use std::fmt;
use std::path::Path;

/// A language for the names we know, the extension itself for the others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FileType(Cow<'static, str>);

impl FileType {
    /// The type of the file at `path`. Never touches the file.
    pub(crate) fn of(path: &Path) -> Self {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if let Some(&(_, language)) = NAMES.iter().find(|(known, _)| *known == name) {
            return Self(Cow::Borrowed(language));
        }
        let Some(extension) = path.extension().and_then(|extension| extension.to_str()) else {
            return Self(Cow::Borrowed(NO_EXTENSION));
        };
        if let Some(&(_, language)) = EXTENSIONS
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(extension))
        {
            return Self(Cow::Borrowed(language));
        }
        if is_plain(extension) {
            Self(Cow::Owned(format!(".{}", extension.to_ascii_lowercase())))
        } else {
            Self(Cow::Borrowed(ODD_EXTENSION))
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FileType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Whether an extension names a type. The ends of `LICENSE-2.0` and `notes.v1 final` name none, and
/// would scatter the table.
fn is_plain(extension: &str) -> bool {
    extension.len() <= EXTENSION_MAX
        && extension
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && extension.bytes().any(|byte| byte.is_ascii_alphabetic())
}

const NO_EXTENSION: &str = "(no extension)";
const ODD_EXTENSION: &str = "(odd extension)";
const EXTENSION_MAX: usize = 12;

/// Whole file names, looked at first.
const NAMES: &[(&str, &str)] = &[
    ("Cargo.lock", "Cargo.lock"),
    ("CMakeLists.txt", "CMake"),
    ("Dockerfile", "Dockerfile"),
    ("GNUmakefile", "Makefile"),
    ("Makefile", "Makefile"),
];

/// Extensions, the frequent ones of a Rust tree first: the list is searched in order.
const EXTENSIONS: &[(&str, &str)] = &[
    ("rs", "Rust"),
    ("toml", "TOML"),
    ("md", "Markdown"),
    ("json", "JSON"),
    ("c", "C"),
    ("h", "C header"),
    ("s", "Assembly"),
    ("asm", "Assembly"),
    ("txt", "Text"),
    ("yml", "YAML"),
    ("yaml", "YAML"),
    ("sh", "Shell"),
    ("bash", "Shell"),
    ("py", "Python"),
    ("cc", "C++"),
    ("cpp", "C++"),
    ("cxx", "C++"),
    ("hh", "C++ header"),
    ("hpp", "C++ header"),
    ("js", "JavaScript"),
    ("mjs", "JavaScript"),
    ("ts", "TypeScript"),
    ("html", "HTML"),
    ("css", "CSS"),
    ("svg", "SVG"),
    ("xml", "XML"),
    ("go", "Go"),
    ("java", "Java"),
    ("kt", "Kotlin"),
    ("swift", "Swift"),
    ("rb", "Ruby"),
    ("pl", "Perl"),
    ("lua", "Lua"),
    ("nim", "Nim"),
    ("zig", "Zig"),
    ("ex", "Elixir"),
    ("exs", "Elixir"),
    ("erl", "Erlang"),
    ("hrl", "Erlang"),
    ("hs", "Haskell"),
    ("ml", "OCaml"),
    ("sql", "SQL"),
    ("proto", "Protobuf"),
    ("cmake", "CMake"),
    ("mk", "Makefile"),
    ("adoc", "AsciiDoc"),
    ("rst", "reStructuredText"),
    ("csv", "CSV"),
    ("ps1", "PowerShell"),
];

#[cfg(test)]
mod tests;
