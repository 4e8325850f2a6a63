//! An SVG 1.1 picture, with the few shapes that the plot needs.

use std::fmt::Display;

/// The colour of text and axes.
pub(crate) const INK: &str = "#222222";

/// The shapes of a picture, each drawn over those before it.
pub(crate) struct Svg(String);

/// The part of a text that is at its point.
#[derive(Clone, Copy)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

impl Svg {
    pub(crate) fn new() -> Self {
        Svg(String::new())
    }

    pub(crate) fn rect(&mut self, (left, top): (f64, f64), (width, height): (f64, f64), fill: &str) {
        self.shape(format_args!(
            r#"<rect x="{left:.2}" y="{top:.2}" width="{width:.2}" height="{height:.2}" fill="{fill}"/>"#
        ));
    }

    /// A straight line. `dashes` is `none` for a solid line.
    pub(crate) fn line(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64), stroke: &str, dashes: &str) {
        self.shape(format_args!(
            r#"<line x1="{x1:.2}" y1="{y1:.2}" x2="{x2:.2}" y2="{y2:.2}" stroke="{stroke}" stroke-dasharray="{dashes}"/>"#
        ));
    }

    pub(crate) fn polygon(&mut self, points: &[(f64, f64)], fill: &str) {
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.2},{y:.2}")).collect();
        self.shape(format_args!(r#"<polygon points="{}" fill="{fill}"/>"#, points.join(" ")));
    }

    /// A text whose baseline is at `y`.
    pub(crate) fn text(&mut self, (x, y): (f64, f64), size: u32, anchor: Anchor, text: &str) {
        self.words(format_args!(r#"x="{x:.2}" y="{y:.2}""#), size, anchor, text);
    }

    /// A text that is read from bottom to top.
    pub(crate) fn upright(&mut self, (x, y): (f64, f64), size: u32, text: &str) {
        self.words(format_args!(r#"transform="translate({x:.2} {y:.2}) rotate(-90)""#), size, Anchor::Middle, text);
    }

    fn words(&mut self, place: impl Display, size: u32, anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = escaped(text);
        self.shape(format_args!(
            r#"<text {place} font-size="{size}" text-anchor="{anchor}" fill="{INK}">{text}</text>"#
        ));
    }

    fn shape(&mut self, shape: impl Display) {
        self.0 += &shape.to_string();
        self.0.push('\n');
    }

    /// The picture on a white background, with this width and height in points.
    pub(crate) fn finish(self, width: f64, height: f64, title: &str) -> String {
        let (Svg(shapes), title) = (self, escaped(title));
        format!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" font-family="Helvetica, Arial, 'DejaVu Sans', sans-serif" role="img">
<title>{title}</title>
<rect width="100%" height="100%" fill="#ffffff"/>
{shapes}</svg>
"##
        )
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
