//! One handler: a function marked `#[tell]` or `#[ask]`.

use proc_macro2::{Ident, Span};
use syn::spanned::Spanned;
use syn::{
    Attribute, Error, FnArg, ImplItemFn, Meta, Pat, PatType, Receiver, Result, ReturnType,
    Signature, Type,
};

use crate::names;
use crate::types;

/// What is known of a handler.
pub(crate) struct Handler {
    /// The function as it was written, without the marks.
    pub(crate) function: ImplItemFn,
    /// `cfg`, which holds for all that is made of it.
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) docs: Vec<Attribute>,
    pub(crate) name: Ident,
    pub(crate) variant: Ident,
    pub(crate) kind: Kind,
    /// In their order, the context among them.
    pub(crate) parameters: Vec<Parameter>,
    /// Whether a bare value becomes this message: `#[tell(from)]`, `#[ask(from)]`.
    pub(crate) from: bool,
}

pub(crate) enum Kind {
    Tell,
    Ask(Answer),
}

/// What an asker gets.
pub(crate) enum Answer {
    Plain(Box<Type>),
    /// A type whose last word is `Result`.
    Fallible(Box<Type>),
}

pub(crate) enum Parameter {
    Context,
    Field(Box<Field>),
}

pub(crate) struct Field {
    pub(crate) name: Ident,
    /// As it is written for the method.
    pub(crate) ty: Type,
    pub(crate) boxed: bool,
}

/// Collects errors, so that all of them are told at once.
#[derive(Default)]
pub(crate) struct Errors(Option<Error>);

impl Errors {
    pub(crate) fn say(&mut self, span: Span, text: impl std::fmt::Display) {
        self.add(Error::new(span, text));
    }

    pub(crate) fn add(&mut self, error: Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            none => *none = Some(error),
        }
    }

    pub(crate) fn keep<T>(&mut self, result: Result<T>) -> Option<T> {
        result.map_err(|error| self.add(error)).ok()
    }

    pub(crate) fn done(self) -> Result<()> {
        self.0.map_or(Ok(()), Err)
    }
}

impl Handler {
    pub(crate) fn fields(&self) -> impl Iterator<Item = &Field> {
        self.parameters
            .iter()
            .filter_map(|parameter| match parameter {
                Parameter::Field(field) => Some(&**field),
                Parameter::Context => None,
            })
    }

    /// `function` as a handler of `actor`; `None` if it has no mark, and is the trait's own.
    pub(crate) fn of(function: &ImplItemFn, actor: &Type) -> Result<Option<Handler>> {
        let Some(mark) = mark(&function.attrs)? else {
            return Ok(None);
        };
        let mut function = function.clone();
        function.attrs.retain(|attribute| !is_mark(attribute));
        let mut errors = Errors::default();
        check_signature(&function.sig, &mut errors);
        check_name(&function.sig.ident, &mut errors);
        let kind = kind(&mark, &function.sig, actor, &mut errors);
        let parameters = parameters(&mut function.sig, actor, &mut errors);
        let (mut cfgs, mut docs) = (Vec::new(), Vec::new());
        for attribute in &function.attrs {
            if attribute.path().is_ident("cfg") {
                cfgs.push(attribute.clone());
            } else if attribute.path().is_ident("doc") {
                docs.push(attribute.clone());
            }
        }
        let name = function.sig.ident.clone();
        let handler = Handler {
            variant: names::variant(&name),
            function,
            cfgs,
            docs,
            name,
            kind,
            parameters,
            from: mark.from,
        };
        handler.check(&mut errors);
        errors.done().map(|()| Some(handler))
    }

    /// What can be said only of the whole.
    fn check(&self, errors: &mut Errors) {
        let mut fields = self.fields();
        let contexts = self.parameters.len() - self.fields().count();
        if contexts > 1 {
            errors.say(self.name.span(), "a handler takes the context once");
        }
        if self.from && self.fields().count() != 1 {
            let text = "`from` makes a message of one value: the handler takes one parameter";
            errors.say(self.name.span(), text);
        }
        let reply = fields.find(|field| field.name == "reply");
        if let (Kind::Ask(_), Some(field)) = (&self.kind, reply) {
            let text = "`reply` is the name of the field that the answer goes to; call the parameter otherwise";
            errors.say(field.name.span(), text);
        }
    }
}

struct Mark {
    ask: bool,
    from: bool,
}

fn is_mark(attribute: &Attribute) -> bool {
    attribute.path().is_ident("tell") || attribute.path().is_ident("ask")
}

/// The mark of a function with these attributes.
fn mark(attributes: &[Attribute]) -> Result<Option<Mark>> {
    let mut marks = attributes.iter().filter(|attribute| is_mark(attribute));
    let Some(first) = marks.next() else {
        return Ok(None);
    };
    if let Some(second) = marks.next() {
        let text = "a handler is told or asked: one of `#[tell]` and `#[ask]`, once";
        return Err(Error::new_spanned(second, text));
    }
    let ask = first.path().is_ident("ask");
    let mut from = false;
    if !matches!(first.meta, Meta::Path(_)) {
        first.parse_nested_meta(|nested| {
            if !nested.path.is_ident("from") {
                let text = "`#[tell]` and `#[ask]` have one option, `from`";
                return Err(nested.error(text));
            }
            from = true;
            Ok(())
        })?;
    }
    Ok(Some(Mark { ask, from }))
}

fn check_name(name: &Ident, errors: &mut Errors) {
    let text = name.to_string();
    let text = text.as_str();
    if names::WRITTEN.contains(&text) {
        let why = format!("`{text}` is what `#[messages]` writes; call the handler otherwise");
        errors.say(name.span(), why);
    } else if names::OF_THE_TRAIT.contains(&text) {
        let why = format!(
            "`{text}` is a function of `Actor` itself: without a mark it is that one, and a handler is called otherwise"
        );
        errors.say(name.span(), why);
    } else if names::OF_THE_REFERENCE.contains(&text) {
        let why = format!(
            "`ActorRef` has a method `{text}`, which would be called in the place of this; call the handler otherwise"
        );
        errors.say(name.span(), why);
    }
}

fn check_signature(signature: &Signature, errors: &mut Errors) {
    if !signature.generics.params.is_empty() {
        let text = "a handler has no type parameters, for its message is a variant of one enum; those of the actor can be used";
        errors.say(signature.generics.span(), text);
    }
    if let Some(token) = &signature.constness {
        errors.say(token.span, "a handler is no `const fn`");
    }
    if let Some(token) = &signature.unsafety {
        errors.say(
            token.span,
            "a handler is called for whoever has a reference, so it is not unsafe",
        );
    }
    if let Some(abi) = &signature.abi {
        errors.say(abi.span(), "a handler has Rust's own calling convention");
    }
    match signature.inputs.first() {
        Some(FnArg::Receiver(receiver)) => check_receiver(receiver, signature, errors),
        _ => errors.say(
            signature.ident.span(),
            "a handler takes `&mut self`: it runs on the actor",
        ),
    }
}

fn check_receiver(receiver: &Receiver, signature: &Signature, errors: &mut Errors) {
    let borrowed = receiver.reference.is_some() && receiver.colon_token.is_none();
    if !borrowed {
        errors.say(
            receiver.span(),
            "a handler takes `&mut self`: the actor is there for the next message too",
        );
    } else if receiver.mutability.is_none() && signature.asyncness.is_some() {
        errors.say(
            receiver.span(),
            "an async handler takes `&mut self`: with `&self` its future would be `Send` only if the actor were `Sync`",
        );
    }
}

fn kind(mark: &Mark, signature: &Signature, actor: &Type, errors: &mut Errors) -> Kind {
    let returned = match &signature.output {
        ReturnType::Default => None,
        ReturnType::Type(_, ty) if is_unit(ty) => None,
        ReturnType::Type(_, ty) => Some(&**ty),
    };
    match (mark.ask, returned) {
        (false, None) => Kind::Tell,
        (false, Some(ty)) => {
            errors.say(
                ty.span(),
                "nobody waits for what a `#[tell]` returns; `#[ask]` answers with it",
            );
            Kind::Tell
        }
        (true, None) => Kind::Ask(Answer::Plain(Box::new(syn::parse_quote!(())))),
        (true, Some(ty)) => {
            let owned = errors.keep(types::owned(ty, actor, "an answer"));
            let ty = Box::new(owned.unwrap_or_else(|| ty.clone()));
            Kind::Ask(if ends_in(&ty, "Result") {
                Answer::Fallible(ty)
            } else {
                Answer::Plain(ty)
            })
        }
    }
}

fn parameters(signature: &mut Signature, actor: &Type, errors: &mut Errors) -> Vec<Parameter> {
    let mut parameters = Vec::new();
    for input in &mut signature.inputs {
        if let FnArg::Typed(input) = input
            && let Some(parameter) = parameter(input, actor, errors)
        {
            parameters.push(parameter);
        }
    }
    parameters
}

/// Takes the mark `#[boxed]` off.
fn parameter(input: &mut PatType, actor: &Type, errors: &mut Errors) -> Option<Parameter> {
    let before = input.attrs.len();
    input
        .attrs
        .retain(|attribute| !attribute.path().is_ident("boxed"));
    let boxed = input.attrs.len() < before;
    if let Some(attribute) = input
        .attrs
        .iter()
        .find(|attribute| attribute.path().is_ident("cfg"))
    {
        let text = "a parameter is a field in all configurations; a `cfg` can stand on the handler";
        errors.say(attribute.span(), text);
    }
    if is_context(&input.ty) {
        match &*input.ty {
            Type::Reference(reference) if reference.mutability.is_some() => {}
            other => errors.say(other.span(), "the context is taken as `&mut Cx<Self>`"),
        }
        if boxed {
            errors.say(input.pat.span(), "the context is no field of the message");
        }
        return Some(Parameter::Context);
    }
    let Pat::Ident(pattern) = &*input.pat else {
        let text = "a parameter is a field of the message, so it is a name; take it apart inside of the handler";
        errors.say(input.pat.span(), text);
        return None;
    };
    if let Some(token) = &pattern.by_ref {
        errors.say(
            token.span,
            "a handler owns what it is given; take a reference to it inside",
        );
    }
    if let Some((at, _)) = &pattern.subpat {
        errors.say(
            at.span,
            "a parameter is a field of the message, so it is a name",
        );
    }
    let ty = errors.keep(types::owned(&input.ty, actor, "a parameter"))?;
    Some(Parameter::Field(Box::new(Field {
        name: pattern.ident.clone(),
        ty,
        boxed,
    })))
}

fn is_unit(ty: &Type) -> bool {
    matches!(ty, Type::Tuple(tuple) if tuple.elems.is_empty())
}

/// Whether it is a `Cx<…>`, by value or by reference.
fn is_context(ty: &Type) -> bool {
    match ty {
        Type::Reference(reference) => is_context(&reference.elem),
        other => ends_in(other, "Cx"),
    }
}

fn ends_in(ty: &Type, word: &str) -> bool {
    matches!(ty, Type::Path(ty) if ty.path.segments.last().is_some_and(|last| last.ident == word))
}
