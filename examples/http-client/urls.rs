//! What to fetch: all of it is looked at before anything is fetched.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use hyper::Uri;

use crate::cli::Args;

/// More of what is wrong is not shown.
const SHOWN: usize = 10;

/// The URLs of the command line and of the file, in that order, or nothing if there were none to be listed.
///
/// # Errors
///
/// What is wrong with them, a line each.
pub(crate) fn listed(args: &Args) -> Result<Option<Vec<Uri>>, String> {
    if args.urls.is_empty() && args.file.is_none() {
        return Ok(None);
    }
    let mut texts = args.urls.clone();
    if let Some(file) = &args.file {
        let text =
            read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
        texts.extend(lines(&text));
    }
    if texts.is_empty() {
        return Err("there is no URL in the file".to_owned());
    }
    parse_all(&texts).map(Some)
}

fn read(file: &Path) -> io::Result<String> {
    if file == Path::new("-") {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text)?;
        return Ok(text);
    }
    fs::read_to_string(file)
}

fn lines(text: &str) -> impl Iterator<Item = String> {
    let lines = text
        .lines()
        .map(|line| line.split_once(" #").map_or(line, |(url, _)| url).trim());
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
}

fn parse_all(texts: &[String]) -> Result<Vec<Uri>, String> {
    let (mut urls, mut wrong) = (Vec::new(), Vec::new());
    for text in texts {
        match parse(text) {
            Ok(url) => urls.push(url),
            Err(why) => wrong.push(format!("{text}: {why}")),
        }
    }
    if wrong.is_empty() {
        return Ok(urls);
    }
    let more = wrong.len().saturating_sub(SHOWN);
    wrong.truncate(SHOWN);
    if more > 0 {
        wrong.push(format!("and {more} more"));
    }
    Err(wrong.join("\nerror: "))
}

fn parse(text: &str) -> Result<Uri, String> {
    let url: Uri = text.parse().map_err(|error| format!("no URL: {error}"))?;
    match url.scheme_str() {
        Some("http") => Ok(url),
        Some("https") => Err("https is not spoken here, only http".to_owned()),
        Some(other) => Err(format!("{other} is not spoken here, only http")),
        None => Err(format!("no URL: it does not say how (http://{text}?)")),
    }
}

#[cfg(test)]
mod tests;
