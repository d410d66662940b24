//! Writes the table of versions that the report prints beside each name, read from the workspace's lock file, so that
//! no version is written by hand.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

fn main() {
    let manifest = PathBuf::from(var("CARGO_MANIFEST_DIR"));
    let lock = manifest
        .parent()
        .expect("benches/ lies in the workspace")
        .join("Cargo.lock");
    println!("cargo::rerun-if-changed={}", lock.display());
    println!("cargo::rerun-if-changed=build.rs");

    let text = fs::read_to_string(&lock).expect("the workspace has a Cargo.lock");
    let mut table = String::from("&[\n");
    for (name, version) in direct_dependencies(&text, &var("CARGO_PKG_NAME")) {
        table.push_str(&format!("    ({name:?}, {version:?}),\n"));
    }
    table.push_str("]\n");
    fs::write(Path::new(&var("OUT_DIR")).join("versions.rs"), table).expect("OUT_DIR is writable");

    println!("cargo::rustc-env=BENCH_RUSTC={}", rustc_version());
}

fn var(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("cargo sets {name} for build scripts"))
}

fn rustc_version() -> String {
    let output = Command::new(var("RUSTC"))
        .arg("--version")
        .output()
        .expect("rustc runs");
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().trim_start_matches("rustc ").to_owned()
}

/// The dependencies of `package` with their versions, as the lock file has them. An entry of its list is a bare name
/// where the lock file holds one version of that name, and `name version` where it holds several.
fn direct_dependencies(lock: &str, package: &str) -> Vec<(String, String)> {
    let mut versions = BTreeMap::new();
    let mut wanted = Vec::new();
    for section in lock.split("[[package]]").skip(1) {
        let name = field(section, "name").expect("a package has a name");
        let version = field(section, "version").expect("a package has a version");
        if name == package {
            wanted = list(section, "dependencies");
        }
        versions.insert(name, version);
    }
    wanted
        .into_iter()
        .map(|entry| match entry.split_once(' ') {
            Some((name, rest)) => {
                let version = rest.split(' ').next().unwrap_or(rest);
                (name.to_owned(), version.to_owned())
            }
            None => {
                let version = versions
                    .get(&entry)
                    .expect("a dependency is in the lock file");
                (entry, version.clone())
            }
        })
        .collect()
}

fn field(section: &str, key: &str) -> Option<String> {
    section.lines().find_map(|line| {
        let value = line.strip_prefix(key)?.trim_start().strip_prefix('=')?;
        Some(value.trim().trim_matches('"').to_owned())
    })
}

fn list(section: &str, key: &str) -> Vec<String> {
    section
        .lines()
        .skip_while(|line| !line.starts_with(key))
        .skip(1)
        .take_while(|line| !line.starts_with(']'))
        .map(|line| {
            line.trim()
                .trim_end_matches(',')
                .trim_matches('"')
                .to_owned()
        })
        .collect()
}
