//! The versions of what is measured, as the build found them in the lock file.

const TABLE: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/versions.rs"));

/// The version of the crate `package`.
///
/// # Panics
///
/// If the benches do not depend on it.
pub(crate) fn of(package: &str) -> &'static str {
    let entry = TABLE.iter().find(|(name, _)| *name == package);
    entry
        .unwrap_or_else(|| panic!("the benches do not depend on {package}"))
        .1
}
