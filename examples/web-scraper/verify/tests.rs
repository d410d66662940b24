use super::*;

const ALL: Limits = Limits {
    pages: u64::MAX,
    depth: 12,
};

fn expected(limits: Limits) -> Crawled {
    Crawled::expected(&Site::new(1, 20), limits)
}

#[test]
fn all_of_the_site_is_expected() {
    let all = expected(ALL);
    let on = |host: usize, path: &str| format!("http://{}{path}", Site::new(1, 20).hosts()[host]);
    for host in 0..3 {
        for number in 1..=20 {
            assert!(all.pages.contains_key(&on(host, &format!("/p/{number}"))));
        }
    }
    assert_eq!(all.pages[&on(0, "/busy/1")].tries, 3);
    assert_eq!(
        all.pages[&on(1, "/torn")].error.as_deref(),
        Some("broken off")
    );
    assert_eq!(all.frontier[&on(2, "/private/plans")].1, "disallowed");
    assert!(!all.frontier.contains_key(&on(2, "/private/more")));
    // It has no end, and the depth is one.
    assert!(all.pages.contains_key(&on(0, "/calendar/11")));
    assert_eq!(
        all.frontier[&on(0, "/calendar/12")],
        (13, "pending".to_owned())
    );
    assert!(!all.frontier.keys().any(|url| url.contains("trap")));
    let depth = |url: &str| all.pages[url].depth;
    assert_eq!(depth(&on(0, "/")), 0);
    assert_eq!(depth(&on(1, "/p/1")), 2);
}

#[test]
fn limits_are_kept() {
    for pages in [0, 1, 10, 50] {
        let some = expected(Limits { pages, ..ALL });
        assert_eq!(some.pages.len() as u64, pages);
        // With more, there is more, and all that was there before.
        assert!(
            some.differences(&expected(ALL), Extent::Partial).is_empty(),
            "{pages}"
        );
    }
    let shallow = expected(Limits { depth: 2, ..ALL });
    assert_eq!(shallow.pages.values().map(|row| row.depth).max(), Some(2));
}

#[test]
fn sites_differ_by_seed() {
    let links = |seed| {
        let crawled = Crawled::expected(&Site::new(seed, 20), ALL);
        let links = crawled.links.into_iter();
        links
            .map(|(from, to)| (from + &to).replace(&format!("seed-{seed}"), ""))
            .collect::<Vec<_>>()
    };
    assert_eq!(links(1), links(1));
    assert_ne!(links(1), links(2));
}

#[test]
fn each_difference_is_found() {
    let due = expected(ALL);
    let differences = |change: &dyn Fn(&mut Crawled), extent| {
        let mut crawled = due.clone();
        change(&mut crawled);
        crawled.differences(&due, extent).count
    };
    let url = due.pages.keys().nth(5).unwrap();
    let whole = |change: &dyn Fn(&mut Crawled)| differences(change, Extent::Whole);
    let partial = |change: &dyn Fn(&mut Crawled)| differences(change, Extent::Partial);
    assert_eq!(whole(&|_| {}), 0);
    assert_eq!(partial(&|_| {}), 0);
    let title = |crawled: &mut Crawled| crawled.pages.get_mut(url).unwrap().title = None;
    let depth = |crawled: &mut Crawled| crawled.pages.get_mut(url).unwrap().depth += 1;
    let link = |crawled: &mut Crawled| drop(crawled.links.pop_first());
    let state = |crawled: &mut Crawled| crawled.settle(url, "pending");
    let more = |crawled: &mut Crawled| {
        let row = crawled.pages[url].clone();
        crawled.pages.insert("http://a.test/trap".to_owned(), row);
    };
    for change in [
        &title as &dyn Fn(&mut Crawled),
        &depth,
        &link,
        &state,
        &more,
    ] {
        assert!(whole(change) > 0);
        assert!(partial(change) > 0);
    }
    let less = |crawled: &mut Crawled| {
        let url = crawled.pages.pop_first().unwrap().0;
        crawled.links.retain(|(from, _)| *from != url);
        crawled.settle(&url, "pending");
    };
    assert!(whole(&less) > 1);
    assert_eq!(partial(&less), 0);
}
