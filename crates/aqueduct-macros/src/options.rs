//! What stands between the parentheses of `#[messages(…)]`.

use syn::parse::{Parse, ParseStream};
use syn::{Error, Ident, Path, Result, Token, Visibility};

#[derive(Default)]
pub(crate) struct Options {
    pub(crate) krate: Option<Path>,
    pub(crate) message: Option<Ident>,
    pub(crate) methods: Option<Ident>,
    pub(crate) visibility: Option<Visibility>,
    pub(crate) debug: bool,
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut options = Options::default();
        while !input.is_empty() {
            options.parse_one(input)?;
            if input.is_empty() {
                break;
            }
            input.parse::<Token![,]>()?;
        }
        Ok(options)
    }
}

impl Options {
    fn parse_one(&mut self, input: ParseStream<'_>) -> Result<()> {
        if input.peek(Token![crate]) {
            let key = input.parse::<Token![crate]>()?;
            input.parse::<Token![=]>()?;
            let path = Path::parse_mod_style(input)?;
            return once(&mut self.krate, path, "crate", key.span);
        }
        let key: Ident = input.parse()?;
        let name = key.to_string();
        if name == "debug" {
            let twice = std::mem::replace(&mut self.debug, true);
            return refuse_twice(twice, "debug", key.span());
        }
        if !["msg", "methods", "vis"].contains(&name.as_str()) {
            let options =
                "`crate = path`, `msg = Name`, `methods = Name`, `vis = pub(crate)` and `debug`";
            let text = format!("`messages` has no option `{name}`; it has {options}");
            return Err(Error::new(key.span(), text));
        }
        input.parse::<Token![=]>()?;
        match name.as_str() {
            "msg" => once(&mut self.message, input.parse()?, &name, key.span()),
            "methods" => once(&mut self.methods, input.parse()?, &name, key.span()),
            _ => once(&mut self.visibility, input.parse()?, &name, key.span()),
        }
    }
}

fn once<T>(place: &mut Option<T>, value: T, name: &str, span: proc_macro2::Span) -> Result<()> {
    refuse_twice(place.replace(value).is_some(), name, span)
}

fn refuse_twice(twice: bool, name: &str, span: proc_macro2::Span) -> Result<()> {
    if twice {
        return Err(Error::new(span, format!("`{name}` is given twice")));
    }
    Ok(())
}
