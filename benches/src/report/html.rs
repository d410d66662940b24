//! The report as a page of plots that needs nothing but itself.
//!
//! A bar is a median, drawn from zero; the line across it spans the rounds from the fastest to the ninth decile. A bar
//! many times longer than the rest would flatten them, so it is cut and marked, and its figure stands beside it.

use std::fmt::Write as _;

use super::group::Group;
use super::machine::Machine;
use super::table::{SHOWN_ONLY, figure};
use super::{OURS, Row};
use crate::harness::stats::Summary;

const STYLE: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");

/// The widths of a plot, in its own units.
const LABEL: f64 = 190.0;
const BARS: f64 = 470.0;
const FIGURES: f64 = 140.0;
const ROW: f64 = 26.0;

/// A bar ends at this many times the middle one, or ours.
const CUT: f64 = 3.0;

/// The whole page.
pub(crate) fn page(machine: &Machine, groups: &[Group]) -> String {
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>Aqueduct and its peers</title>\n<style>\n{STYLE}</style>\n\
         <h1>Aqueduct and its peers</h1>\n<p>{}</p>\n\
         <p>Bars are medians, less is better; the line across a bar spans the fastest round to the ninth decile.</p>\n\
         <input id=\"filter\" type=\"search\" placeholder=\"Groups whose name contains …\">\n",
        escape(&machine.to_string())
    );
    summary(&mut page, groups);
    for group in groups {
        section(&mut page, group);
    }
    let _ = writeln!(page, "<script>\n{SCRIPT}</script>\n</html>");
    page
}

/// A table of ours against the best peer, group by group.
fn summary(page: &mut String, groups: &[Group]) {
    page.push_str("<table>\n<tr><th>group<th>ours<th>best peer<th><th>ratio\n");
    for group in groups {
        let (Some(ours), Some(best), Some(ratio)) =
            (group.ours(), group.best_peer(), group.ratio())
        else {
            continue;
        };
        let name = &group.metric.group;
        let class = if ratio <= 1.0 { "win" } else { "loss" };
        let _ = writeln!(
            page,
            "<tr data-group=\"{name}\"><td><a href=\"#{name}\">{name}</a><td>{}<td>{}<td>{}\
             <td class=\"{class}\">{ratio:.2}",
            figure(ours.median),
            figure(best.median),
            escape(&best.name),
        );
    }
    page.push_str("</table>\n");
}

fn section(page: &mut String, group: &Group) {
    let name = &group.metric.group;
    let _ = writeln!(
        page,
        "<section id=\"{name}\" data-group=\"{name}\">\n<h2>{name}</h2>\n<p>{} · {}</p>",
        escape(&group.metric.about),
        group.metric.unit.name()
    );
    plot(page, group);
    for (name, why) in &group.notes {
        let (name, why) = (escape(name), escape(why));
        let _ = writeln!(
            page,
            "<p>{SHOWN_ONLY} {name} {why}: shown, not compared.</p>"
        );
    }
    for name in &group.panicked {
        let _ = writeln!(page, "<p>{} panicked and is left out.</p>", escape(name));
    }
    page.push_str("</section>\n");
}

fn plot(page: &mut String, group: &Group) {
    let end = end_of_scale(group);
    let (width, height) = (LABEL + BARS + FIGURES, ROW * group.rows.len() as f64);
    let _ = writeln!(
        page,
        "<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{}\">",
        group.metric.group
    );
    for (place, row) in group.rows.iter().enumerate() {
        bar(page, group, row, ROW * place as f64, end);
    }
    page.push_str("</svg>\n");
}

/// The figure at the right end of the bars.
fn end_of_scale(group: &Group) -> f64 {
    let medians: Vec<f64> = group.rows.iter().map(|row| row.median).collect();
    if medians.is_empty() {
        return 1.0;
    }
    let Summary { median, max, .. } = Summary::of(&medians);
    let ours = group.ours().map_or(0.0, |row| row.median);
    // Zero bytes would leave a scale without a length.
    max.min(CUT * median.max(ours)).max(f64::MIN_POSITIVE)
}

fn bar(page: &mut String, group: &Group, row: &Row, top: f64, end: f64) {
    let place = |value: f64| LABEL + BARS * (value / end).clamp(0.0, 1.0);
    let class = match (row.name == OURS, row.ours, group.is_compared(row)) {
        (true, ..) => "ours",
        (_, true, _) => "variant",
        (.., true) => "peer",
        _ => "shown",
    };
    let mark = if group.is_compared(row) {
        ""
    } else {
        SHOWN_ONLY
    };
    let [min, median, p90, max] = [row.min, row.median, row.p90, row.max].map(figure);
    let (middle, text) = (top + ROW / 2.0, top + ROW / 2.0 + 4.0);
    let _ = writeln!(
        page,
        "<g class=\"{class}\"><title>{name} {version}: min {min}, median {median}, p90 {p90}, max {max}</title>\
         <text class=\"label\" x=\"{label:.1}\" y=\"{text:.1}\">{name} {mark} \
         <tspan class=\"version\">{version}</tspan></text>\
         <rect x=\"{LABEL}\" y=\"{y:.1}\" width=\"{length:.1}\" height=\"{h:.1}\" rx=\"2\"/>\
         <line x1=\"{from:.1}\" y1=\"{middle:.1}\" x2=\"{to:.1}\" y2=\"{middle:.1}\"/>",
        name = escape(&row.name),
        version = escape(&row.version),
        label = LABEL - 10.0,
        y = top + 4.0,
        length = place(row.median) - LABEL,
        h = ROW - 8.0,
        from = place(row.min),
        to = place(row.p90),
    );
    let cut = if row.median > end { "» " } else { "" };
    let ratio = match group.ours() {
        Some(ours) if row.name != OURS => format!(" · {:.2}×", row.median / ours.median),
        _ => String::new(),
    };
    let x = place(row.median.max(row.p90)) + 8.0;
    let _ = writeln!(
        page,
        "<text x=\"{x:.1}\" y=\"{text:.1}\">{cut}{median}{ratio}</text></g>"
    );
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests;
