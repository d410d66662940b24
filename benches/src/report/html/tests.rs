use super::page;
use crate::report::tests::{group, machine, row};

#[test]
fn a_page_has_every_row_and_needs_no_network() {
    let mut group = group(vec![
        row("spsc_1024_mt", "aqueduct", 20.0),
        row("spsc_1024_mt", "tokio", 200.0),
        row("spsc_1024_mt", "<kanal>", 10.0),
    ]);
    group.notes.push(("<kanal>".to_owned(), "holds 2"));
    let page = page(&machine(), &[group]);

    assert!(page.contains("some CPU, 2 cores"), "the machine");
    assert!(
        page.contains(">aqueduct  <tspan") && page.contains("10.00×"),
        "rows and ratios"
    );
    assert!(
        page.contains("&lt;kanal&gt;") && !page.contains("<kanal>"),
        "names are escaped"
    );
    assert!(
        page.contains("<td class=\"win\">0.10"),
        "the summary compares with tokio alone"
    );
    for outside in ["http:", "https:", "src=", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn a_bar_far_longer_than_the_rest_is_cut() {
    let lengths = |medians: [f64; 3]| {
        let names = ["aqueduct", "a", "b"];
        let rows = names
            .into_iter()
            .zip(medians)
            .map(|(name, median)| row("g", name, median));
        let page = page(&machine(), &[group(rows.collect())]);
        page.matches('»').count()
    };
    assert_eq!(lengths([20.0, 25.0, 30.0]), 0);
    assert_eq!(lengths([20.0, 25.0, 3000.0]), 1);
}

#[test]
fn a_figure_of_zero_is_no_trouble() {
    let page = page(&machine(), &[group(vec![row("g", "aqueduct", 0.0)])]);
    assert!(!page.contains("NaN") && !page.contains("inf"), "{page}");
}
