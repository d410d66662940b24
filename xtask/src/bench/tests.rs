use super::Args;

#[test]
fn everything_is_passed_on() {
    let args = Args {
        filter: vec!["spsc,mpsc".to_owned(), "oneshot".to_owned()],
        quick: true,
        html: true,
        save: Some("before".to_owned()),
        against: Some("then".to_owned()),
        ..Args::default()
    };
    assert_eq!(
        args.command().to_string(),
        "cargo run --profile bench -p aqueduct-benches --features peers --bin aqueduct-benches -- spsc,mpsc oneshot \
         --quick --html --save before --against then"
    );
}

#[test]
fn smoke_leaves_the_peers_out() {
    let args = Args {
        smoke: true,
        ..Args::default()
    };
    assert_eq!(
        args.command().to_string(),
        "cargo run --profile smoke -p aqueduct-benches --bin aqueduct-benches -- --smoke"
    );
    assert_eq!(
        Args::smoke_as_tested().command().to_string(),
        "cargo test --workspace --test smoke -- --ignored --nocapture --exact each_group_runs"
    );
}
