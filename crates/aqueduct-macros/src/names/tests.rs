use std::fs;
use std::path::Path;

use proc_macro2::Span;
use syn::Ident;
use syn::parse_quote;

use super::{OF_THE_REFERENCE, OF_THE_TRAIT, WRITTEN, trying, variant};

#[test]
fn a_variant_is_called_after_its_handler() {
    let pairs = [
        ("deposit", "Deposit"),
        ("set_limit", "SetLimit"),
        ("_hidden", "Hidden"),
        ("a__b", "AB"),
        ("v1_2", "V1_2"),
        ("_1", "_1"),
        ("__", "__"),
        ("self_", "Self_"),
        ("größer_als", "GrößerAls"),
    ];
    for (handler, expected) in pairs {
        let ident = Ident::new(handler, Span::call_site());
        assert_eq!(variant(&ident).to_string(), expected);
    }
}

#[test]
fn raw_names_lose_their_mark() {
    let ident: Ident = parse_quote!(r#move);
    assert_eq!(variant(&ident).to_string(), "Move");
    assert_eq!(trying(&ident).to_string(), "try_move");
}

#[test]
fn the_reserved_names_are_in_order() {
    assert!(OF_THE_REFERENCE.is_sorted());
}

/// Every item of the crate that has the actors, which lies beside this one in the repository, and nowhere else.
fn items_of_the_actors() -> Vec<syn::Item> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../aqueduct-actor/src")];
    let mut items = Vec::new();
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            println!("SKIPPED: {} is not here", folder.display());
            continue;
        };
        for entry in entries {
            let path = entry.expect("it can be listed").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = fs::read_to_string(&path).expect("it can be read");
                items.extend(syn::parse_file(&text).expect("it is Rust").items);
            }
        }
    }
    items
}

#[test]
fn each_method_of_a_reference_is_reserved() {
    let ours = |item: &syn::ItemImpl| match &*item.self_ty {
        syn::Type::Path(ty) => {
            item.trait_.is_none() && ty.path.segments.last().unwrap().ident == "ActorRef"
        }
        _ => false,
    };
    for item in items_of_the_actors() {
        let syn::Item::Impl(item) = item else {
            continue;
        };
        for entry in item.items.iter().filter(|_| ours(&item)) {
            if let syn::ImplItem::Fn(method) = entry
                && method.sig.receiver().is_some()
                && matches!(method.vis, syn::Visibility::Public(_))
            {
                let name = method.sig.ident.to_string();
                assert!(OF_THE_REFERENCE.contains(&name.as_str()), "{name}");
            }
        }
    }
}

#[test]
fn the_traits_functions_are_known() {
    for item in items_of_the_actors() {
        let syn::Item::Trait(item) = item else {
            continue;
        };
        if item.ident != "Actor" {
            continue;
        }
        let functions = item.items.iter().filter_map(|entry| match entry {
            syn::TraitItem::Fn(function) => Some(function.sig.ident.to_string()),
            _ => None,
        });
        let mut functions: Vec<_> = functions.collect();
        functions.sort();
        let mut known = [&OF_THE_TRAIT[..], &WRITTEN[..]].concat();
        known.sort_unstable();
        assert_eq!(functions, known);
    }
}
