//! The `impl Actor for …` block that the attribute stands on.

use std::collections::HashMap;

use proc_macro2::{Ident, Span};
use quote::format_ident;
use syn::spanned::Spanned;
use syn::visit_mut::VisitMut;
use syn::{
    Error, GenericParam, Generics, ImplItem, ItemImpl, Path, PathArguments, Result, Token, Type,
    Visibility,
};

use crate::handler::{Errors, Handler};
use crate::names;
use crate::options::Options;
use crate::types::Unself;

pub(crate) struct Block {
    /// The block with what is the trait's own.
    pub(crate) item: ItemImpl,
    /// Its parameters and bounds, in which `Self` is the actor's type.
    pub(crate) generics: Generics,
    pub(crate) actor: Type,
    pub(crate) krate: Path,
    pub(crate) message: Ident,
    pub(crate) methods: Ident,
    pub(crate) visibility: Visibility,
    pub(crate) debug: bool,
    pub(crate) handlers: Vec<Handler>,
}

impl Block {
    /// `home` is where the crate is if nothing says so.
    pub(crate) fn of(options: Options, mut item: ItemImpl, home: &Path) -> Result<Block> {
        let (krate, actor_name) = head(&options, &item, home)?;
        let actor = (*item.self_ty).clone();
        let mut errors = Errors::default();
        check_generics(&item.generics, &mut errors);
        let mut handlers = Vec::new();
        let mut own = Vec::new();
        for entry in std::mem::take(&mut item.items) {
            match entry {
                ImplItem::Fn(function) => match Handler::of(&function, &actor) {
                    Ok(Some(handler)) => handlers.push(handler),
                    Ok(None) => {
                        check_own(&function.sig.ident, &mut errors);
                        own.push(ImplItem::Fn(function));
                    }
                    Err(error) => errors.add(error),
                },
                ImplItem::Type(ty) if ty.ident == "Msg" => {
                    let text = "`#[messages]` writes `type Msg` itself, from the handlers";
                    errors.say(ty.ident.span(), text);
                }
                other => own.push(other),
            }
        }
        check_clashes(&handlers, &mut errors);
        errors.done()?;
        if handlers.is_empty() {
            let text =
                "no function here is marked `#[tell]` or `#[ask]`: there would be no messages";
            return Err(Error::new(item.self_ty.span(), text));
        }
        item.items = own;
        let mut generics = item.generics.clone();
        Unself(&actor).visit_generics_mut(&mut generics);
        let named = |given: Option<Ident>, end| {
            given.unwrap_or_else(|| format_ident!("{actor_name}{end}", span = actor_name.span()))
        };
        Ok(Block {
            generics,
            actor,
            krate,
            message: named(options.message, "Msg"),
            methods: named(options.methods, "Methods"),
            visibility: options
                .visibility
                .unwrap_or_else(|| Visibility::Public(Token![pub](Span::call_site()))),
            debug: options.debug,
            handlers,
            item,
        })
    }
}

/// The path of the crate, and the name of the actor's type.
fn head(options: &Options, item: &ItemImpl, home: &Path) -> Result<(Path, Ident)> {
    let Some((None, path, _)) = &item.trait_ else {
        let text = "`#[messages]` stands on `impl Actor for …`";
        return Err(Error::new(item.impl_token.span, text));
    };
    let last = path.segments.last();
    if !last.is_some_and(|last| matches!(last.arguments, PathArguments::None)) {
        let text = "`#[messages]` stands on `impl Actor for …`";
        return Err(Error::new(path.span(), text));
    }
    let krate = match &options.krate {
        Some(path) => path.clone(),
        None => before_last(path).unwrap_or_else(|| home.clone()),
    };
    let name = match &*item.self_ty {
        Type::Path(ty) if ty.qself.is_none() => ty.path.segments.last(),
        _ => None,
    };
    let Some(name) = name else {
        let text = "an actor is a struct or an enum, by its name";
        return Err(Error::new(item.self_ty.span(), text));
    };
    Ok((krate, name.ident.clone()))
}

/// `a::b` of `a::b::Actor`; nothing of `Actor` alone.
fn before_last(path: &Path) -> Option<Path> {
    let mut path = path.clone();
    path.segments.pop();
    // The last pair keeps its colons otherwise.
    let last = path.segments.pop()?.into_value();
    path.segments.push_value(last);
    Some(path)
}

fn check_generics(generics: &Generics, errors: &mut Errors) {
    for parameter in &generics.params {
        if let GenericParam::Lifetime(lifetime) = parameter {
            let text = "an actor lives in a task of its own, so it borrows nothing: it has no lifetime parameters";
            errors.say(lifetime.span(), text);
        }
    }
}

/// A function without a mark is one of the trait's.
fn check_own(name: &Ident, errors: &mut Errors) {
    let text = name.to_string();
    if names::WRITTEN.contains(&text.as_str()) {
        let why = "`#[messages]` writes `handle` itself; without the attribute, `handle` and `type Msg` are written by hand";
        errors.say(name.span(), why);
    } else if !names::OF_THE_TRAIT.contains(&text.as_str()) {
        let why = format!(
            "`{text}` is no function of `Actor`: mark it `#[tell]` or `#[ask]`, or move it to an `impl` of its own"
        );
        errors.say(name.span(), why);
    }
}

/// Names that are made twice. Handlers of which only one is compiled may share a name.
fn check_clashes(handlers: &[Handler], errors: &mut Errors) {
    let mut methods: HashMap<String, &Handler> = HashMap::new();
    let mut variants: HashMap<String, &Handler> = HashMap::new();
    let plain = || handlers.iter().filter(|handler| handler.cfgs.is_empty());
    for handler in plain() {
        if methods.insert(handler.name.to_string(), handler).is_some() {
            let text = format!("there are two handlers `{}`", handler.name);
            errors.say(handler.name.span(), text);
        } else if let Some(other) = variants.insert(handler.variant.to_string(), handler) {
            let text = format!(
                "`{}` and `{}` would both be the variant `{}`; rename one",
                other.name, handler.name, handler.variant
            );
            errors.say(handler.name.span(), text);
        }
    }
    for handler in plain() {
        let trying = names::trying(&handler.name).to_string();
        if let Some(other) = methods.get(&trying) {
            let text = format!(
                "`{trying}` is the method of `{}` that does not wait; call this handler otherwise",
                handler.name
            );
            errors.say(other.name.span(), text);
        }
    }
}
