use aqueduct_cancel::CancelScope;

fn main() {
    let guard = CancelScope::new().drop_guard();
    guard.disarm();
    guard.disarm();
}
