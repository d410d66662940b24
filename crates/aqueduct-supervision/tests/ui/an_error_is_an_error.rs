//! An error that is none itself is made a `Failure`, and the compiler says how.

use std::error::Error;

use aqueduct_supervision::{ChildContext, ChildSpec, Failure};

async fn boxed(_: ChildContext) -> Result<(), Box<dyn Error + Send + Sync>> {
    Err("no route to host")?
}

async fn words(_: ChildContext) -> Result<(), String> {
    Err("no route to host".to_owned())
}

async fn number(_: ChildContext) -> u32 {
    7
}

async fn by_question_mark(cx: ChildContext) -> Result<(), Failure> {
    boxed(cx).await?;
    Ok(())
}

fn main() {
    let _ = ChildSpec::worker("boxed", boxed);
    let _ = ChildSpec::acknowledged("words", words);
    let _ = ChildSpec::worker("number", number);
    let _ = ChildSpec::worker("by question mark", by_question_mark);
}
