use super::Args;

#[test]
fn the_peers_are_left_out() {
    let program = "cargo run --profile smoke -p aqueduct-benches --bin aqueduct-sim --";
    assert_eq!(Args::default().command().to_string(), program);
    let smoke = Args {
        smoke: true,
        ..Args::default()
    };
    assert_eq!(smoke.command().to_string(), format!("{program} --smoke"));
    let as_tested = Args::smoke_as_tested().command().to_string();
    assert_eq!(
        as_tested,
        "cargo test --workspace --test smoke -- --ignored --nocapture --exact the_default_limit_does_what_is_wanted_of_it"
    );
}
