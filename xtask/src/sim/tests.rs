use super::Args;

#[test]
fn the_peers_are_left_out() {
    let program = "cargo run --profile smoke -p aqueduct-benches --bin aqueduct-sim --";
    assert_eq!(Args::default().command().to_string(), program);
    assert_eq!(
        Args::smoke().command().to_string(),
        format!("{program} --smoke")
    );
}
