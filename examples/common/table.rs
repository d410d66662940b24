//! Text in aligned columns.

use std::fmt::Write;

/// Which side of its column a cell keeps to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// For words.
    Left,
    /// For numbers.
    Right,
}

/// Rows of cells; a row may be shorter than the table is wide.
#[derive(Debug)]
pub struct Table {
    align: Vec<Align>,
    rows: Vec<Row>,
}

#[derive(Debug)]
enum Row {
    Cells(Vec<String>),
    Rule,
}

impl Table {
    /// An empty table with so many columns.
    pub fn new(align: impl Into<Vec<Align>>) -> Self {
        Self {
            align: align.into(),
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    ///
    /// # Panics
    ///
    /// When the row has more cells than the table has columns.
    pub fn row(&mut self, cells: impl Into<Vec<String>>) {
        let cells = cells.into();
        assert!(
            cells.len() <= self.align.len(),
            "a row is wider than its table"
        );
        self.rows.push(Row::Cells(cells));
    }

    /// Adds a line across.
    pub fn rule(&mut self) {
        self.rows.push(Row::Rule);
    }

    /// The table as text, two spaces between columns, none at the end of a line.
    pub fn render(&self) -> String {
        let widths = self.widths();
        let across = widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1);
        let mut text = String::new();
        for row in &self.rows {
            match row {
                Row::Rule => text.push_str(&"─".repeat(across)),
                Row::Cells(cells) => text.push_str(self.line(cells, &widths).trim_end()),
            }
            text.push('\n');
        }
        text
    }

    fn line(&self, cells: &[String], widths: &[usize]) -> String {
        let mut line = String::new();
        for (column, cell) in cells.iter().enumerate() {
            let gap = if column == 0 { "" } else { "  " };
            let width = widths[column];
            match self.align[column] {
                Align::Left => write!(line, "{gap}{cell:<width$}"),
                Align::Right => write!(line, "{gap}{cell:>width$}"),
            }
            .expect("writing to a string cannot fail");
        }
        line
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths = vec![0; self.align.len()];
        for row in &self.rows {
            if let Row::Cells(cells) = row {
                for (width, cell) in widths.iter_mut().zip(cells) {
                    *width = (*width).max(cell.chars().count());
                }
            }
        }
        widths
    }
}

#[cfg(test)]
mod tests;
