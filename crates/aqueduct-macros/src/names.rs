//! The names of what is made, and the names that cannot be had.

use proc_macro2::Ident;
use quote::format_ident;
use syn::ext::IdentExt;

/// The functions of the trait `Actor`. What the macro writes itself is not among them.
pub(crate) const OF_THE_TRAIT: [&str; 4] = ["signal", "start", "stop", "undelivered"];

/// What the macro writes into the block.
pub(crate) const WRITTEN: [&str; 1] = ["handle"];

/// The methods that `ActorRef` has itself, or by a trait of the prelude: a method of that name could not be called, for
/// these come first or leave it open which is meant.
pub(crate) const OF_THE_REFERENCE: [&str; 45] = [
    "as_mut",
    "as_ref",
    "ask",
    "ask_recipient",
    "clone",
    "clone_from",
    "clone_into",
    "close",
    "demonitor",
    "downgrade",
    "downs",
    "drop",
    "ended",
    "eq",
    "exit",
    "forward",
    "freeze",
    "from",
    "id",
    "into",
    "into_future",
    "into_iter",
    "is_alive",
    "is_closed",
    "is_frozen",
    "kill",
    "kill_with",
    "link",
    "monitor",
    "name",
    "ne",
    "on_down",
    "recipient",
    "stats",
    "stop",
    "stop_with",
    "tell",
    "tell_within",
    "thaw",
    "to_owned",
    "try_ask",
    "try_from",
    "try_into",
    "try_tell",
    "watch",
];

/// The name of the variant that `handler` handles: `set_limit` is `SetLimit`.
pub(crate) fn variant(handler: &Ident) -> Ident {
    let name = handler.unraw().to_string();
    let mut camel = String::with_capacity(name.len());
    for word in name.split('_') {
        let mut letters = word.chars();
        if let Some(first) = letters.next() {
            // Two numbers in a row stay two.
            if first.is_ascii_digit() && camel.ends_with(|c: char| c.is_ascii_digit()) {
                camel.push('_');
            }
            camel.extend(first.to_uppercase());
            camel.extend(letters);
        }
    }
    if camel.is_empty() {
        camel = name;
    } else if camel.starts_with(|c: char| c.is_ascii_digit()) {
        camel.insert(0, '_');
    }
    // A keyword that cannot be made raw.
    if camel == "Self" {
        camel.push('_');
    }
    Ident::new(&camel, handler.span())
}

/// The name of the method that does not wait.
pub(crate) fn trying(handler: &Ident) -> Ident {
    format_ident!("try_{}", handler.unraw(), span = handler.span())
}

#[cfg(test)]
mod tests;
