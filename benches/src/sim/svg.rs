//! Curves over time, as a plain SVG.

use std::fmt::Write as _;

/// One picture: panels one above the other, over the same time.
pub(crate) struct Picture {
    pub(crate) title: String,
    pub(crate) panels: Vec<Panel>,
}

pub(crate) struct Panel {
    pub(crate) title: String,
    pub(crate) curves: Vec<Curve>,
}

pub(crate) struct Curve {
    pub(crate) name: String,
    pub(crate) points: Vec<(f64, f64)>,
}

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 60.0;
const RIGHT: f64 = 160.0;
const TOP: f64 = 40.0;
const GAP: f64 = 50.0;
/// Told apart also by those who see no red or no green.
const COLOURS: [&str; 6] = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9",
];

impl Picture {
    pub(crate) fn svg(&self) -> String {
        let height = TOP + self.panels.len() as f64 * (HEIGHT + GAP);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
             font-family=\"sans-serif\" font-size=\"12\">\n\
             <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
             <text x=\"{LEFT}\" y=\"20\" font-size=\"15\">{}</text>\n",
            escaped(&self.title)
        );
        for (number, panel) in self.panels.iter().enumerate() {
            let top = TOP + number as f64 * (HEIGHT + GAP) + 20.0;
            panel.draw(&mut svg, top);
        }
        svg.push_str("</svg>\n");
        svg
    }
}

impl Panel {
    fn draw(&self, svg: &mut String, top: f64) {
        let points = || self.curves.iter().flat_map(|curve| &curve.points);
        let x_max = points().map(|point| point.0).fold(1.0, f64::max);
        let y_max = points().map(|point| point.1).fold(1e-9, f64::max) * 1.05;
        let width = WIDTH - LEFT - RIGHT;
        let (x, y) = (
            |at: f64| LEFT + at / x_max * width,
            |value: f64| top + HEIGHT * (1.0 - value / y_max),
        );
        let _ = writeln!(
            svg,
            "<text x=\"{LEFT}\" y=\"{:.1}\">{}</text>",
            top - 6.0,
            escaped(&self.title)
        );
        for tick in 0..=4 {
            let value = y_max * f64::from(tick) / 4.0;
            let _ = writeln!(
                svg,
                "<path d=\"M{LEFT} {0:.1}h{width}\" stroke=\"#ddd\"/>\
                 <text x=\"{1:.1}\" y=\"{2:.1}\" text-anchor=\"end\">{value:.0}</text>",
                y(value),
                LEFT - 6.0,
                y(value) + 4.0
            );
            let at = x_max * f64::from(tick) / 4.0;
            let _ = writeln!(
                svg,
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{at:.0} s</text>",
                x(at),
                top + HEIGHT + 16.0
            );
        }
        for (number, curve) in self.curves.iter().enumerate() {
            let colour = COLOURS[number % COLOURS.len()];
            let mut path = String::new();
            for (place, point) in curve.points.iter().enumerate() {
                let step = if place == 0 { 'M' } else { 'L' };
                let _ = write!(path, "{step}{:.1} {:.1}", x(point.0), y(point.1));
            }
            let _ = writeln!(
                svg,
                "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.3\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\" fill=\"{colour}\">{}</text>",
                WIDTH - RIGHT + 8.0,
                top + 14.0 + 16.0 * number as f64,
                escaped(&curve.name)
            );
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
