//! Plots as SVG, made here so that the page needs nothing from anywhere.

use crate::usecase::console::Plot;
use std::fmt::Write as _;

const WIDTH: f64 = 360.0;
const HEIGHT: f64 = 120.0;
/// So many lines are told apart; the rest is in the table.
const LINES: usize = 6;

/// The lines of a plot over the last hour, the newest minute at the right.
pub(super) fn svg(plot: &Plot) -> String {
    let shown: Vec<_> = plot.series.iter().take(LINES).collect();
    let top = shown.iter().flat_map(|series| &series.points).fold(0.0_f64, |top, point| top.max(*point));
    let top = round_up(top);
    let count = shown.iter().map(|series| series.points.len()).max().unwrap_or(0);
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {}\" role=\"img\" aria-label=\"{}\"><g class=\"grid\">",
        HEIGHT + 24.0,
        escaped(plot.title)
    );
    for line in 0..=2_u8 {
        let y = 4.0 + f64::from(line) / 2.0 * HEIGHT;
        let _ = write!(svg, "<path d=\"M0 {y}H{WIDTH}\"/>");
    }
    let _ = write!(svg, "<text x=\"2\" y=\"14\">{top} a minute</text>");
    let _ = write!(svg, "<text x=\"2\" y=\"{y}\">{count} min ago</text>", y = HEIGHT + 19.0);
    let _ = write!(svg, "<text x=\"{WIDTH}\" y=\"{y}\" text-anchor=\"end\">now</text></g>", y = HEIGHT + 19.0);
    for (at, series) in shown.iter().enumerate() {
        let step = WIDTH / usize_f64(count.saturating_sub(1).max(1));
        let newest = series.points.len();
        let mut path = String::new();
        for (place, point) in series.points.iter().enumerate() {
            let x = WIDTH - usize_f64(newest - 1 - place) * step;
            let y = 4.0 + HEIGHT - if top > 0.0 { point / top * HEIGHT } else { 0.0 };
            let _ = write!(path, "{}{x:.1} {y:.1}", if place == 0 { "M" } else { "L" });
        }
        if newest == 1 {
            // A dot, by its round ends.
            path.push_str("h0");
        }
        let _ = write!(svg, "<path class=\"line s{at}\" d=\"{path}\"><title>{}</title></path>", escaped(&series.name));
    }
    svg + "</svg>"
}

/// A small number of points is exact as a float.
fn usize_f64(value: usize) -> f64 {
    u32::try_from(value).map_or(f64::MAX, f64::from)
}

/// 1, 2 or 5 times a power of ten.
fn round_up(top: f64) -> f64 {
    if top <= 0.0 {
        return 1.0;
    }
    let power = 10.0_f64.powf(top.log10().floor());
    [1.0, 2.0, 5.0, 10.0].map(|times| times * power).into_iter().find(|bound| *bound >= top).unwrap_or(top)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::usecase::console::Series;

    #[test]
    fn a_plot_has_a_line_for_each_series() {
        let series = |name: &str, points: &[f64]| Series { name: name.into(), total: 1.0, points: points.into() };
        let plot = Plot { title: "A & B", series: vec![series("<moved>", &[0.0, 10.0]), series("none", &[5.0])] };
        let svg = svg(&plot);
        assert!(svg.contains("aria-label=\"A &amp; B\"") && svg.contains("<title>&lt;moved></title>"), "{svg}");
        assert!(svg.contains("d=\"M0.0 124.0L360.0 4.0\"") && svg.contains("d=\"M360.0 64.0h0\""), "{svg}");
        assert!(svg.contains(">10 a minute<"));
    }

    #[test]
    fn a_scale_ends_at_a_round_number() {
        for (top, end) in [(0.0, 1.0), (1.0, 1.0), (1.1, 2.0), (37.0, 50.0), (51.0, 100.0)] {
            assert!((round_up(top) - end).abs() < 1e-9, "{top}");
        }
    }
}
