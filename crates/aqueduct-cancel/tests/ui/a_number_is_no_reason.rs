use aqueduct_cancel::CancelScope;

fn main() {
    CancelScope::new().cancel_because(7);
}
