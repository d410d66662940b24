//! How a page of the site is written: with its links in all the ways in which a link can be, and with what only looks like one.

use std::fmt::Write;

use super::{Dice, Html};

/// The page as bytes, the same each time.
pub(crate) fn rendered(page: &Html, host: &str, path: &str) -> String {
    let mut html = format!(
        "<!DOCTYPE html>\n<html><head><title>\n  {}\n</title>\n\
         <script>document.write('<a href=\"/trap/script\">');</script>\n\
         <!-- <a href=\"/trap/comment\">not here any more</a> -->\n</head><body>\n",
        escaped(&page.title)
    );
    // The ways differ from page to page.
    let mut dice = Dice(path.len() as u64 ^ (host.len() as u64) << 8);
    for link in &page.links {
        let way = dice.below(6);
        let written = match link.strip_prefix("http://") {
            Some(rest) => written(rest, host, way),
            None => link.clone(),
        };
        let written = escaped(&written);
        let _ = match way {
            0 => writeln!(html, "<A  HREF={written}>bare</A>"),
            1 => writeln!(html, "<a class='x' href='{written}'>single</a>"),
            _ => writeln!(html, "<p><a href=\"{written}\">double</a>"),
        };
    }
    html.push_str(
        "<a name=top>no link</a> <a href=\"mailto:nobody@nowhere.test\">mail</a>\n\
         <a href=\"javascript:void(0)\">nothing</a> <img src=\"/trap/image.png\">\n\
         <textarea><a href=/trap/text></textarea>\n",
    );
    let _ = writeln!(
        html,
        "{}</body></html>",
        ".".repeat(dice.below(4000) as usize)
    );
    html
}

/// A link in one of the ways that mean the same.
fn written(rest: &str, host: &str, way: u64) -> String {
    let (to, path) = match rest.find('/') {
        Some(slash) => rest.split_at(slash),
        None => (rest, "/"),
    };
    match way {
        _ if to != host && way.is_multiple_of(2) => format!("//{to}{path}"),
        _ if to != host => format!("http://{}{path}#part", to.to_ascii_uppercase()),
        0 | 1 => path.to_owned(),
        2 => format!("{path}#part"),
        // From wherever, since nothing is deeper than a folder.
        3 => format!("../{}", &path[1..]),
        4 => format!("http://{host}:80{path}"),
        _ => format!("http://{host}{path}"),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}
