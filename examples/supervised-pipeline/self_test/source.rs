//! A tree of files that look like source, the same each time.

use std::fs;
use std::io;
use std::path::Path;

const DIRECTORIES: usize = 60;
const FILES: usize = 10;

/// Makes the tree below `root`; says how many files are in it.
pub(crate) fn make(root: &Path) -> io::Result<u64> {
    let mut random = Random(0x5eed);
    let mut files = 0;
    for number in 0..DIRECTORIES {
        // Some inside of others, some beside them.
        let mut directory = root.join(format!("part-{}", number % 7));
        for level in 0..number % 4 {
            directory.push(format!("level-{level}-{}", number / 7));
        }
        directory.push(format!("module-{number}"));
        fs::create_dir_all(&directory)?;
        for file in 0..FILES {
            let extension = EXTENSIONS[random.below(EXTENSIONS.len())];
            let path = directory.join(format!("file-{file}.{extension}"));
            fs::write(path, text(&mut random))?;
            files += 1;
        }
    }
    fs::create_dir(root.join("empty"))?;
    fs::write(root.join("picture.png"), b"\x89PNG\0\0\0")?;
    // More than what is read at once.
    let line = "the quick brown fox jumps over the lazy dog\n";
    fs::write(root.join("long.txt"), line.repeat(20_000))?;
    Ok(files + 2)
}

fn text(random: &mut Random) -> String {
    let mut text = String::new();
    for _ in 0..5 + random.below(60) {
        for _ in 0..random.below(9) {
            text += WORDS[random.below(WORDS.len())];
            text.push(' ');
        }
        text.push('\n');
    }
    text
}

struct Random(u64);

impl Random {
    /// As Marsaglia has it, xorshift64.
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

const EXTENSIONS: &[&str] = &["rs", "rs", "rs", "toml", "md", "c", "h", "py"];

const WORDS: &[&str] = &[
    "fn",
    "let",
    "self",
    "match",
    "impl",
    "struct",
    "return",
    "value",
    "index",
    "supervisor",
    "children",
    "restart",
    "=",
    "{",
    "}",
    "->",
    "0x1f",
    "3.14",
    "a_rather_long_identifier_of_many_words",
    "\"text\"",
    "//",
];
