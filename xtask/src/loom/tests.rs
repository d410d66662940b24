use super::is_model;

#[test]
fn a_model_sits_in_a_module_loom() {
    assert!(is_model("ring::tests::loom::close_races_send"));
    assert!(is_model("loom::a"));
    assert!(!is_model("ring::tests::loom"));
    assert!(!is_model("ring::tests::bloom::a"));
}
