//! A line for each rule.

use crate::measure::Spread;
use crate::suite::Row;

pub(crate) const HEADER: &str = concat!(
    "                    goodput at 2 ×  p99 at 2 ×     goodput at 1 ×  rejected at    ",
    "settled after a step, s       4 clients at 2 ×\n",
    "                    of best fixed   ms             of best fixed   0.8 ×, %       ",
    "load          capacity        goodput        fairness",
);

pub(crate) fn line(row: &Row) -> String {
    let part = |spread: Spread| format!("{:.3} / {:.3}", spread.median, spread.worst);
    let millis = |spread: Spread| format!("{:.0} / {:.0}", 1e3 * spread.median, 1e3 * spread.worst);
    let percent =
        |spread: Spread| format!("{:.2} / {:.2}", 1e2 * spread.median, 1e2 * spread.worst);
    let seconds = |spread: Spread| format!("{:.1} / {:.1}", spread.median, spread.worst);
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
