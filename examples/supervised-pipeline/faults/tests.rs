use std::collections::HashMap;

use super::*;

fn sites() -> impl Iterator<Item = Site> {
    let stages = [Stage::Walker, Stage::Reader, Stage::Tally];
    let places = [Place::Before, Place::Amid, Place::After];
    (0..2000).flat_map(move |number| {
        stages.into_iter().flat_map(move |stage| {
            places.into_iter().map(move |place| Site {
                stage,
                place,
                item: Key::root(0).numbered(number),
                handing: 1,
            })
        })
    })
}

fn drawn(rate: f64, seed: u64) -> Vec<Option<Fault>> {
    let faults = Faults::new(rate, seed);
    sites().map(|site| faults.draw(site)).collect()
}

#[test]
fn one_seed_draws_the_same_and_another_does_not() {
    assert_eq!(drawn(0.1, 1), drawn(0.1, 1));
    assert_ne!(drawn(0.1, 1), drawn(0.1, 2));
}

#[test]
fn the_rate_is_kept() {
    assert!(drawn(0.0, 1).iter().all(Option::is_none));
    assert!(drawn(1.0, 1).iter().all(Option::is_some));
    let all = drawn(0.1, 7);
    let share = all.iter().flatten().count() as f64 / all.len() as f64;
    assert!((0.09..0.11).contains(&share), "{share}");
}

#[test]
fn each_place_has_its_faults() {
    let faults = Faults::new(0.3, 3);
    let mut seen: HashMap<Place, Vec<Fault>> = HashMap::new();
    for site in sites() {
        seen.entry(site.place)
            .or_default()
            .extend(faults.draw(site));
    }
    let has = |place, fault| seen[&place].contains(&fault);
    for place in [Place::Before, Place::Amid, Place::After] {
        assert!(has(place, Fault::Panic));
        assert_eq!(has(place, Fault::Error), place != Place::Amid);
        assert_eq!(has(place, Fault::Stall), place == Place::Before);
    }
}

#[test]
fn what_failed_once_need_not_fail_again() {
    let faults = Faults::new(0.3, 3);
    let again = |site: Site| Site { handing: 2, ..site };
    let failed: Vec<Site> = sites()
        .filter(|site| faults.draw(*site).is_some())
        .collect();
    let twice = failed
        .iter()
        .filter(|site| faults.draw(again(**site)).is_some());
    let share = twice.count() as f64 / failed.len() as f64;
    assert!((0.25..0.35).contains(&share), "{share}");
}

#[test]
fn keys_are_told_apart_by_name_number_and_place() {
    let root = Key::root(0);
    let name = |name: &'static str| Some(OsStr::new(name));
    let keys = [
        root,
        Key::root(1),
        root.named(name("a")),
        root.named(name("b")),
        root.named(name("a")).named(name("b")),
        root.numbered(0),
        root.numbered(1),
    ];
    let distinct: std::collections::HashSet<_> = keys.into_iter().collect();
    assert_eq!(distinct.len(), keys.len());
    assert_eq!(root.named(name("a")), Key::root(0).named(name("a")));
}
