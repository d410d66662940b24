use aqueduct_cancel::CancelScope;

fn main() {
    let waits = {
        let scope = CancelScope::new();
        scope.cancelled()
    };
    drop(waits);
}
