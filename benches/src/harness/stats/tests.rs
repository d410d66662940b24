use super::Summary;

#[test]
fn of_one_round_is_that_round() {
    let summary = Summary::of(&[7.0]);
    assert_eq!(
        summary,
        Summary {
            rounds: 1,
            min: 7.0,
            median: 7.0,
            p90: 7.0,
            max: 7.0
        }
    );
}

#[test]
fn does_not_depend_on_the_order_of_rounds() {
    let forward = Summary::of(&[1.0, 2.0, 3.0, 4.0, 10.0]);
    let shuffled = Summary::of(&[10.0, 3.0, 1.0, 4.0, 2.0]);
    assert_eq!(forward, shuffled);
    assert_eq!((forward.min, forward.median, forward.max), (1.0, 3.0, 10.0));
}

#[test]
fn lies_between_neighbours() {
    let summary = Summary::of(&[1.0, 3.0]);
    assert_eq!(summary.median, 2.0);
    assert!((summary.p90 - 2.8).abs() < 1e-9);
}
