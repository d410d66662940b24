//! Programs that must not compile, in `tests/ui`. `TRYBUILD=overwrite` writes what the compiler says now.

#[test]
fn misuse_does_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
