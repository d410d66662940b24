use aqueduct_cancel::CancelScope;

#[tokio::main]
async fn main() {
    let scope = CancelScope::new();
    tokio::spawn(scope.run(async {}));
}
