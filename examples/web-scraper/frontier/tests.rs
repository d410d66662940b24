use super::*;

#[test]
fn neighbours_are_far_apart() {
    let near = place("http://a.test/1").abs_diff(place("http://a.test/2"));
    assert!(near > 1 << 32, "{near}");
    // Written down in databases: it must not change.
    assert_eq!(place(""), 0xcbf2_9ce4_8422_2325_u64 as i64 >> 1 & i64::MAX);
}

#[test]
fn shares_are_all_of_the_memory() {
    for most in 2..100 {
        let (read, queue) = shares(most);
        assert!(read >= 1 && queue >= 1);
        assert_eq!(read + queue, most);
    }
}

#[test]
fn hosts_have_ports() {
    let start = Url::parse("http://a.test:8080/x").unwrap();
    let hosts = Hosts::of([&start]);
    assert!(hosts.has("http://A.test:8080/y?z"));
    for other in [
        "http://a.test/y",
        "https://a.test:8080/y",
        "http://b.test:8080/y",
        "a.test:8080/y",
    ] {
        assert!(!hosts.has(other), "{other}");
    }
    let plain = Hosts::of([&Url::parse("http://a.test:80/").unwrap()]);
    assert!(plain.has("http://a.test/"));
}

#[test]
fn the_most_is_kept() {
    let most = Most::default();
    for count in [2, 3, 1] {
        most.note(count);
    }
    assert_eq!(most.get(), 3);
}
