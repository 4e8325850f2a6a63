//! The picture of a ramp: the share of each variant, some single clients, and the clients that move at each step.

use canary_policy::Variant;

use crate::ramp::{Ramp, Step};
use crate::svg::{Anchor, INK, Svg};

const GRID: &str = "#d9d9d9";
const MOVED: &str = "#7f7f7f";
const WIDTH: f64 = 960.0;
const LEFT: f64 = 90.0;
const RIGHT: f64 = 930.0;

/// The colour of a variant, from the palette of Okabe and Ito (Color Universal Design, 2008), which people with colour
/// blindness can tell apart too.
fn color(variant: Variant) -> &'static str {
    const CANARIES: [&str; 5] = ["#e69f00", "#009e73", "#cc79a7", "#0072b2", "#d55e00"];
    const STABLE: &str = "#a6d5f0";
    let place = variant.index().map(|index| index % CANARIES.len());
    place.and_then(|place| CANARIES.get(place)).unwrap_or(&STABLE)
}

/// A diagram with the percents of the ramp from left to right.
struct Panel {
    top: f64,
    bottom: f64,
}

impl Panel {
    /// The middle of the column of a step.
    fn x(percent: u32) -> f64 {
        LEFT + (f64::from(percent) - 0.5) * Panel::column()
    }

    fn column() -> f64 {
        (RIGHT - LEFT) / 100.0
    }

    /// The y coordinate of a part from 0, the bottom, to 1, the top.
    fn y(&self, part: f64) -> f64 {
        self.bottom - part * (self.bottom - self.top)
    }

    /// Draws the title above the diagram, the axes, and the numbers of the horizontal axis.
    fn axes(&self, svg: &mut Svg, title: &str) {
        svg.text((LEFT, self.top - 12.0), 15, Anchor::Start, title);
        svg.line((LEFT, self.top), (LEFT, self.bottom), INK, "none");
        svg.line((LEFT, self.bottom), (RIGHT, self.bottom), INK, "none");
        for percent in [1, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100] {
            let x = Panel::x(percent);
            svg.line((x, self.bottom), (x, self.bottom + 5.0), INK, "none");
            svg.text((x, self.bottom + 19.0), 12, Anchor::Middle, &percent.to_string());
        }
    }

    /// Draws a number of the vertical axis, with a line across the diagram.
    fn tick(&self, svg: &mut Svg, part: f64, label: &str) {
        let y = self.y(part);
        svg.line((LEFT - 5.0, y), (LEFT, y), INK, "none");
        svg.line((LEFT, y), (RIGHT, y), GRID, "none");
        svg.text((LEFT - 9.0, y + 4.0), 12, Anchor::End, label);
    }

    fn label(&self, svg: &mut Svg, text: &str) {
        svg.upright((28.0, f64::midpoint(self.top, self.bottom)), 13, text);
    }
}

/// The whole picture, as the text of a file.
pub(crate) fn svg(ramp: &Ramp) -> String {
    let Ramp { variants, total, clients, clients_name, steps, courses } = ramp;
    let first = variants.first().map_or("", |(_, name)| name);
    let last = steps.last().map_or(0, |step| step.percent);
    let mut svg = Svg::new();
    let title = format!("{first} grows from 1 % to {last} %");
    svg.text((LEFT, 42.0), 24, Anchor::Start, &title);
    let left = if steps.iter().all(|step| step.left == 0) { "none" } else { "some" };
    let subtitle = format!("{clients} {clients_name}: {first} gains one after the other and loses {left}");
    svg.text((LEFT, 66.0), 14, Anchor::Start, &subtitle);

    let top = 84.0 + legend(&mut svg, 84.0, variants);
    let panel = |from, to| Panel { top: top + from, bottom: top + to };
    shares(&mut svg, &panel(46.0, 296.0), ramp);
    rows(&mut svg, &panel(366.0, 636.0), courses, steps);
    moves(&mut svg, &panel(706.0, 846.0), first, steps);
    let rounded = if total % 100 == 0 { "" } else { ", rounded down to whole parts" };
    let label = format!("weight of {first}, in percent of the total of {total} parts{rounded}");
    svg.text((f64::midpoint(LEFT, RIGHT), top + 891.0), 13, Anchor::Middle, &label);
    svg.finish(WIDTH, top + 911.0, &title)
}

/// Draws the colour of each variant, in as many lines as are needed, and returns the height of the legend.
fn legend(svg: &mut Svg, top: f64, variants: &[(Variant, String)]) -> f64 {
    const LINE: f64 = 20.0;
    let (mut x, mut y) = (LEFT, top);
    for (variant, name) in variants {
        let width = 50.0 + 7.5 * f64::from(u32::try_from(name.len()).unwrap_or(0));
        if x > LEFT && x + width > RIGHT {
            (x, y) = (LEFT, y + LINE);
        }
        svg.rect((x, y), (14.0, 14.0), color(*variant));
        svg.text((x + 20.0, y + 12.0), 13, Anchor::Start, name);
        x += width;
    }
    y + LINE - top
}

/// Draws the share of each variant at each step as stacked areas, with the first canary at the bottom.
fn shares(svg: &mut Svg, panel: &Panel, Ramp { variants, clients, steps, .. }: &Ramp) {
    panel.label(svg, "share of clients");
    for percent in [0, 25, 50, 75, 100] {
        panel.tick(svg, f64::from(percent) / 100.0, &format!("{percent} %"));
    }
    let half = Panel::column() / 2.0;
    let mut below = vec![0; steps.len()];
    for (place, (variant, _)) in variants.iter().enumerate() {
        let counts = steps.iter().map(|step| step.counts.get(place).copied().unwrap_or(0));
        let above: Vec<u32> = below.iter().zip(counts).map(|(below, count)| below + count).collect();
        let edge = |heights: &[u32]| -> Vec<(f64, f64)> {
            let corners = steps.iter().zip(heights).flat_map(|(step, height)| {
                let (x, y) = (Panel::x(step.percent), panel.y(f64::from(*height) / f64::from(*clients)));
                [(x - half, y), (x + half, y)]
            });
            corners.collect()
        };
        let outline: Vec<_> = edge(&above).into_iter().chain(edge(&below).into_iter().rev()).collect();
        svg.polygon(&outline, color(*variant));
        below = above;
    }
    if let (Some(first), Some(last)) = (steps.first(), steps.last()) {
        let at = |step: &Step| (Panel::x(step.percent), panel.y(f64::from(step.percent) / 100.0));
        svg.line(at(first), at(last), INK, "2 3");
    }
    panel.axes(svg, "How the clients are divided (dotted: equal to the weight)");
}

/// Draws one row for each of some clients, in the colour of the variant at each step.
fn rows(svg: &mut Svg, panel: &Panel, courses: &[Vec<Variant>], steps: &[Step]) {
    panel.label(svg, "one row for each client");
    let height = (panel.bottom - panel.top) / f64::from(u32::try_from(courses.len()).unwrap_or(1));
    let mut bottom = panel.bottom;
    for course in courses {
        bottom -= height;
        let mut cells = course.iter().zip(steps).peekable();
        while let Some((variant, start)) = cells.next() {
            let mut columns = 1.0;
            while cells.next_if(|(next, _)| *next == variant).is_some() {
                columns += 1.0;
            }
            let left = Panel::x(start.percent) - Panel::column() / 2.0;
            svg.rect((left, bottom + 0.4), (columns * Panel::column(), height - 0.8), color(*variant));
        }
    }
    panel.axes(svg, &format!("{} of the clients: the colour changes where the client moves", courses.len()));
}

/// Draws the number of clients that move at each step: upwards those that come to the first canary or move between the
/// other variants, downwards those that leave the first canary.
fn moves(svg: &mut Svg, panel: &Panel, first: &str, steps: &[Step]) {
    let most = steps.iter().map(|step| step.came + step.others).max().unwrap_or(0);
    let scale = round_above(most.max(steps.iter().map(|step| step.left).max().unwrap_or(0)));
    // The zero line is a quarter of the height up, so that there is room below it for clients that leave.
    let zero = 0.25;
    let part = |clients: u32| f64::from(clients) / f64::from(scale) * (1.0 - zero);
    panel.label(svg, "clients that move");
    panel.tick(svg, zero, "0");
    panel.tick(svg, zero + part(scale / 2), &(scale / 2).to_string());
    panel.tick(svg, 1.0, &scale.to_string());
    let mut bar = |step: &Step, from: f64, to: f64, fill: &str| {
        let left = Panel::x(step.percent) - 0.4 * Panel::column();
        svg.rect((left, panel.y(to)), (0.8 * Panel::column(), panel.y(from) - panel.y(to)), fill);
    };
    for step in steps {
        let came = zero + part(step.came);
        bar(step, zero, came, color(Variant::Canary(0)));
        if step.others > 0 {
            bar(step, came, came + part(step.others), MOVED);
        }
        if step.left > 0 {
            bar(step, zero - part(step.left).min(zero), zero, INK);
        }
    }
    let (left, others): (u32, u32) =
        steps.iter().fold((0, 0), |(left, others), step| (left + step.left, others + step.others));
    svg.text(
        (LEFT + 8.0, panel.y(0.0) - 11.0),
        13,
        Anchor::Start,
        &format!("away from {first}: {left} clients in all steps together"),
    );
    let between = if others > 0 { format!(" (grey: {others} moves between the others)") } else { String::new() };
    panel.axes(svg, &format!("Clients that move to {first} at each step{between}"));
}

/// The next round number from this one on, half of which is a round number too.
fn round_above(count: u32) -> u32 {
    let mut unit = 2;
    while unit * 50 < count {
        unit *= 10;
    }
    count.max(1).next_multiple_of(unit)
}
