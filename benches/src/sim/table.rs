//! A line for each rule.

use crate::measure::Spread;
use crate::suite::Row;

pub(crate) const HEADER: &str = concat!(
    "                    goodput at 2 ×  p99 at 2 ×     goodput at 1 ×  rejected at    ",
    "settled after a step, s       4 clients at 2 ×\n",
    "                    of best fixed   ms             of best fixed   0.8 ×, %       ",
    "load          capacity        goodput        fairness",
);

/// What is asked besides.
pub(crate) const MORE: &str = concat!(
    "                    rejecting after    4 clients at 2 ×, clocks a window apart    no common clock\n",
    "                    latency × 4, s     fairness                                   fairness       goodput        p99, ms",
);

fn part(spread: Spread) -> String {
    format!("{:.3} / {:.3}", spread.median, spread.worst)
}

fn millis(spread: Spread) -> String {
    format!("{:.0} / {:.0}", 1e3 * spread.median, 1e3 * spread.worst)
}

fn percent(spread: Spread) -> String {
    format!("{:.2} / {:.2}", 1e2 * spread.median, 1e2 * spread.worst)
}

fn seconds(spread: Spread) -> String {
    format!("{:.1} / {:.1}", spread.median, spread.worst)
}

pub(crate) fn more(row: &Row) -> String {
    format!(
        "{:<18}  {:<17}  {:<41}  {:<13}  {:<13}  {}",
        row.rule.name(),
        seconds(row.rejecting),
        part(row.fairness_a_window_apart),
        part(row.fairness_apart),
        part(row.goodput_apart),
        millis(row.p99_apart),
    )
}

pub(crate) fn line(row: &Row) -> String {
    format!(
        "{:<18}  {:<14}  {:<13}  {:<14}  {:<13}  {:<12}  {:<14}  {:<13}  {}",
        row.rule.name(),
        part(row.goodput),
        millis(row.p99),
        part(row.goodput_at_1),
        percent(row.rejected),
        seconds(row.settled_load),
        seconds(row.settled_capacity),
        part(row.goodput_of_4),
        part(row.fairness),
    )
}
