//! Plots as SVG, made here so that the page needs nothing from anywhere. They are as wide as their place: what must not be
//! stretched stands beside them as text.

use std::fmt::Write as _;

/// A bar and the gap after it.
const STEP: usize = 4;
const BAR: usize = 3;
/// What the base line takes of the height of 28.
const HEIGHT: f64 = 26.0;
/// The least that a bar is high.
const LEAST: f64 = 1.5;

/// One bar for each point; the base line only where anybody counted.
pub(super) fn bars(points: &[f64], known: &[bool], says: &str) -> String {
    stacked(&[("", points)], known, says)
}

/// Bars on top of each other, each kind in its class's colour.
pub(super) fn stacked(kinds: &[(&str, &[f64])], known: &[bool], says: &str) -> String {
    let mut svg = format!(
        "<svg viewBox=\"0 0 {} 28\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{}\">",
        known.len() * STEP,
        escaped(says)
    );
    let mut base = String::new();
    for (at, _) in known.iter().enumerate().filter(|(_, known)| **known) {
        let _ = write!(base, "M{} 27h{STEP}v1h-{STEP}z", at * STEP);
    }
    let _ = write!(svg, "<path class=\"base\" d=\"{base}\"/>");
    let value = |at: usize, kind: &[f64]| kind.get(at).copied().unwrap_or(0.0);
    let top = (0..known.len()).map(|at| kinds.iter().map(|(_, kind)| value(at, kind)).sum::<f64>());
    let top = top.fold(0.0_f64, f64::max);
    let mut below = vec![0.0_f64; known.len()];
    for (class, kind) in kinds {
        let mut path = String::new();
        for (at, floor) in below.iter_mut().enumerate() {
            let value = value(at, kind);
            if value > 0.0 {
                let high = (value / top * HEIGHT).max(LEAST);
                let _ = write!(path, "M{} {:.1}h{BAR}v-{high:.1}h-{BAR}z", at * STEP, HEIGHT + 0.5 - *floor);
                *floor += high;
            }
        }
        let _ = write!(svg, "<path class=\"{class}\" d=\"{path}\"/>");
    }
    svg + "</svg>"
}

/// From half a millisecond to half a minute, each power of ten as far as the next.
fn place(seconds: f64) -> f64 {
    const FROM: f64 = 0.000_5;
    const TO: f64 = 30.0;
    (seconds.clamp(FROM, TO) / FROM).log10() / (TO / FROM).log10() * 1000.0
}

/// A mark at the half, one at the 99th of a hundred, and the way between them.
pub(super) fn span(half: Option<f64>, most: Option<f64>, says: &str) -> String {
    let (half, end) = (half.map_or(1000.0, place), most.map_or(1000.0, place));
    let mut svg = format!(
        "<svg viewBox=\"0 0 1000 22\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{}\"><path class=\"base\" d=\"",
        escaped(says)
    );
    for tick in [0.001, 0.01, 0.1, 1.0, 10.0] {
        let _ = write!(svg, "M{:.1} 0h1.2v22h-1.2z", place(tick));
    }
    let class = if most.is_none_or(|most| most > 1.0) { "wait" } else { "" };
    let _ = write!(
        svg,
        "\"/><path class=\"{class}\" d=\"M{half:.1} 10h{:.1}v2h-{:.1}zM{:.1} 6h4v10h-4zM{:.1} 2h4v18h-4z\"/></svg>",
        end - half,
        end - half,
        half - 2.0,
        (end - 2.0).min(996.0)
    );
    svg
}

/// A circuit breaker as it is drawn in a plan: its arm rests on the second contact, or does not.
pub(super) fn switch(breaker: &str) -> &'static str {
    match breaker {
        "open" => {
            "<svg viewBox=\"0 0 34 16\" aria-hidden=\"true\"><path d=\"M1 12h8M25 12h8M10.5 11 22 2\"/><circle cx=\"9\" cy=\"12\" r=\"1.8\"/><circle cx=\"25\" cy=\"12\" r=\"1.8\"/></svg>"
        }
        "half_open" => {
            "<svg viewBox=\"0 0 34 16\" aria-hidden=\"true\"><path d=\"M1 12h8M25 12h8\"/><path d=\"M10.5 11 24 7.5\" stroke-dasharray=\"2 3\"/><circle cx=\"9\" cy=\"12\" r=\"1.8\"/><circle cx=\"25\" cy=\"12\" r=\"1.8\"/></svg>"
        }
        _ => {
            "<svg viewBox=\"0 0 34 16\" aria-hidden=\"true\"><path d=\"M1 12h8M25 12h8M11 12h12\"/><circle cx=\"9\" cy=\"12\" r=\"1.8\"/><circle cx=\"25\" cy=\"12\" r=\"1.8\"/></svg>"
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_point_has_a_bar_and_those_who_counted_a_base() {
        let svg = bars(&[0.0, 10.0, 5.0], &[false, true, true], "<moved> & \"more\"");
        assert!(svg.contains("aria-label=\"&lt;moved> &amp; &quot;more&quot;\""), "{svg}");
        assert!(svg.contains("d=\"M4 27h4v1h-4zM8 27h4v1h-4z\""), "{svg}");
        assert!(svg.contains("d=\"M4 26.5h3v-26.0h-3zM8 26.5h3v-13.0h-3z\""), "{svg}");
        assert!(!bars(&[0.0], &[true], "").contains("NaN"));
    }

    #[test]
    fn kinds_stand_on_each_other_and_the_least_is_seen() {
        let svg = stacked(&[("good", &[99.0]), ("bad", &[1.0])], &[true], "");
        assert!(svg.contains("class=\"good\" d=\"M0 26.5h3v-25.7h-3z\""), "{svg}");
        assert!(svg.contains("class=\"bad\" d=\"M0 0.8h3v-1.5h-3z\""), "{svg}");
    }

    #[test]
    fn a_span_is_drawn_on_powers_of_ten() {
        let (one, ten, hundred) = (place(0.001), place(0.01), place(0.1));
        let same = |one: f64, two: f64| (one - two).abs() < 1e-9;
        assert!(same(ten - one, hundred - ten) && same(place(0.0), 0.0) && same(place(99.0), 1000.0));
        assert!(span(Some(0.01), None, "").contains("class=\"wait\""), "beyond all bounds");
        assert!(!span(None, None, "").contains("NaN"));
    }
}
