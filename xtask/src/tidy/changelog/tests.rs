use super::changelog;
use crate::tidy::findings;
use crate::tidy::project::{Member, Project};

const GOOD: &str = "\
# Changelog

What changed for users.

## [Unreleased]

### Added

- aqueduct-core: a thing,
  described on two lines.
- workspace: another.

## [0.2.0] - 2026-11-30

### Fixed

- aqueduct-core: a fault.

## [0.1.10] - 2026-11-21
";

fn check(text: &str) -> Vec<String> {
    let core = Member {
        name: "aqueduct-core".to_owned(),
        ..Member::default()
    };
    findings(
        changelog,
        &Project::sample(&[("CHANGELOG.md", text)]).with_members([core]),
    )
}

#[test]
fn a_good_one_passes() {
    assert_eq!(check(GOOD), [""; 0]);
}

#[test]
fn there_is_one() {
    assert_eq!(
        findings(changelog, &Project::default()),
        ["CHANGELOG.md:1: there is no changelog"]
    );
}

#[test]
fn it_opens_with_its_title_and_what_comes_next() {
    let text = GOOD
        .replace("# Changelog\n", "# News\n")
        .replace("## [Unreleased]", "## [0.3.0] - 2026-12-01");
    assert_eq!(
        check(&text),
        [
            "CHANGELOG.md:1: the first section is not what comes next",
            "CHANGELOG.md:1: the title is missing"
        ]
    );
}

#[test]
fn an_entry_names_its_crate() {
    for entry in ["- a thing.", "- Fix: a thing.", "- aqueduct-nil: a thing."] {
        let text = GOOD.replace("- workspace: another.", entry);
        assert_eq!(
            check(&text),
            ["CHANGELOG.md:11: the entry names no crate"],
            "{entry}"
        );
    }
}

#[test]
fn an_entry_has_a_kind() {
    assert_eq!(
        check(&GOOD.replace("### Fixed", "### Improved")),
        ["CHANGELOG.md:15: `Improved` is no kind of change"]
    );
    assert_eq!(
        check(&GOOD.replace("### Fixed\n", "")),
        ["CHANGELOG.md:16: an entry outside a kind of change"]
    );
}

#[test]
fn versions_have_dates_and_fall() {
    for heading in [
        "## 0.2.0",
        "## [0.2.0]",
        "## [0.2] - 2026-11-30",
        "## [0.2.0] - 2026-13-30",
        "## [0.2.0] - soon",
    ] {
        let found = check(&GOOD.replace("## [0.2.0] - 2026-11-30", heading));
        assert!(
            found[0].ends_with("is no version with its date"),
            "{heading}: {found:?}"
        );
    }
    assert_eq!(
        check(&GOOD.replace("[0.1.10]", "[0.2.0]")),
        ["CHANGELOG.md:19: an older version above a newer one"]
    );
}
