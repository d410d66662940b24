use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn grid(start: Instant) -> Grid {
    Grid {
        start: Some(start),
        ..Grid::new(3 * SECOND)
    }
}

#[test]
fn ticks_are_on_the_grid_however_late_one_asks() {
    let start = Instant::now();
    let grid = grid(start);
    for late in [0, 3, 6, 300] {
        let at = start + late * SECOND;
        for early in [SECOND, 2 * SECOND, SECOND / 1000] {
            assert_eq!(grid.tick_from(at + early), Some(at + 3 * SECOND));
            assert_eq!(grid.tick_after(at + early), Some(at + 3 * SECOND));
        }
        assert_eq!(grid.tick_after(at), Some(at + 3 * SECOND));
    }
}

#[test]
fn a_tick_is_now_unless_it_is_done_or_the_start() {
    let start = Instant::now();
    let mut grid = grid(start);
    let tick = start + 3 * SECOND;
    assert_eq!(grid.tick_from(start), Some(tick));
    assert_eq!(grid.tick_from(tick), Some(tick));
    grid.done_at(Some(tick));
    assert_eq!(grid.tick_from(tick), Some(tick + 3 * SECOND));
}

#[test]
fn too_far_is_never() {
    let start = Instant::now();
    let grid = Grid {
        start: Some(start),
        ..Grid::new(Duration::MAX)
    };
    assert_eq!(grid.tick_from(start), None);
}

#[test]
fn each_rule_counts_from_where_it_says() {
    let now = Instant::now();
    let later = now + SECOND;
    let at = |rule| {
        let mut closing = Closing::new(rule);
        closing.came(true, now);
        closing.came(false, later);
        closing.timer.at()
    };
    assert_eq!(at(Closes::Never), None);
    assert_eq!(at(Closes::AfterFirst(SECOND)), Some(now + SECOND));
    assert_eq!(at(Closes::AfterLast(SECOND)), Some(later + SECOND));
    assert_eq!(at(Closes::Each(grid(now))), Some(now + 3 * SECOND));
    assert_eq!(at(Closes::AfterFirst(Duration::MAX)), None);
}
