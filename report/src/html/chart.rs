//! Charts as inline SVG: axes with units, lines with their bands, bars with their thresholds. A chart
//! has a title and a description in words, and tells nothing by colour alone: lines differ by their
//! dashes too, bars by a hatching and a sign.

use maud::{Markup, html};

use super::scale::{Axis, si};

/// A chart's size in its own units; it is scaled to its column.
const WIDTH: f64 = 400.0;
const HEIGHT: f64 = 210.0;
/// Where the plot begins and ends.
const LEFT: f64 = 54.0;
const RIGHT: f64 = WIDTH - 18.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = HEIGHT - 34.0;
/// Of a chart of bars: a row's height, and where bars begin and end.
const ROW: f64 = 20.0;
const BARS_LEFT: f64 = 118.0;
const BARS_RIGHT: f64 = WIDTH - 74.0;
/// Characters of a bar's label that have room.
const LABEL: usize = 17;
/// How wide a letter is, about.
const LETTER: f64 = 6.0;
/// More bars than this stand upright, without their values.
const ROWS: usize = 16;
/// Lines that can be told apart in one chart.
pub(super) const LINES: usize = 6;

/// What a chart is called: an id of no other element of the page, a title, and what it shows in words.
pub(super) struct Naming {
    pub id: String,
    pub title: String,
    pub words: String,
}

/// A line, and what the legend says of it.
pub(super) struct Line {
    pub label: String,
    pub told: String,
    pub points: Vec<Point>,
}

/// A point of a line with its band.
#[derive(Clone, Copy)]
pub(super) struct Point {
    pub x: f64,
    pub low: f64,
    pub middle: f64,
    pub high: f64,
}

/// A bar. One that is marked missed a threshold.
pub(super) struct Bar {
    pub label: String,
    pub value: f64,
    pub told: String,
    pub mark: Option<&'static str>,
}

/// A value that bars are held against.
pub(super) struct Threshold {
    pub value: f64,
    pub told: String,
}

/// At most [`LINES`] lines over an axis, with a legend.
pub(super) fn lines(naming: &Naming, x: &Axis, y: &Axis, lines: &[Line]) -> Markup {
    let at = |point: f64, value: f64| {
        let across = LEFT + x.position(point) * (RIGHT - LEFT);
        let down = BOTTOM - y.position(value) * (BOTTOM - TOP);
        format!("{across:.1} {down:.1}")
    };
    let path = |points: &mut dyn Iterator<Item = String>| {
        let points: Vec<String> = points.collect();
        format!("M{}", points.join("L"))
    };
    let drawing = html! {
        (frame(x, y))
        @for (number, line) in lines.iter().enumerate() {
            @let banded = line.points.iter().any(|p| p.low < p.high);
            @let class = format!("line{}", number % LINES);
            g class=(class) {
                @if banded {
                    @let there = line.points.iter().map(|p| at(p.x, p.high));
                    @let back = line.points.iter().rev().map(|p| at(p.x, p.low));
                    path class="band" d=(path(&mut there.chain(back)) + "Z") {}
                }
                @match line.points.as_slice() {
                    [only] => {
                        circle class="dot" r="3" transform=(format!("translate({})", at(only.x, only.middle))) {}
                    }
                    _ => {
                        path class="curve" d=(path(&mut line.points.iter().map(|p| at(p.x, p.middle)))) {}
                    }
                }
            }
        }
    };
    html! {
        figure {
            (captioned(naming, HEIGHT, &drawing))
            ul class="legend" {
                @for (number, line) in lines.iter().enumerate() {
                    li {
                        (swatch(number)) " "
                        b { (line.label) } " " span class="quiet" { (line.told) }
                    }
                }
            }
        }
    }
}

/// Bars from zero, one per part.
pub(super) fn bars(naming: &Naming, axis: &Axis, bars: &[Bar], thresholds: &[Threshold]) -> Markup {
    let many = bars.len() > ROWS;
    let (drawing, height) = match many {
        true => (columns(axis, bars, thresholds), HEIGHT),
        false => rows(axis, bars, thresholds),
    };
    html! {
        figure {
            (captioned(naming, height, &drawing))
            @if !thresholds.is_empty() || bars.iter().any(|bar| bar.mark.is_some()) {
                ul class="legend" {
                    @for threshold in thresholds {
                        li { span class="threshold-sign" aria-hidden="true" { "┆" } " " (threshold.told) }
                    }
                    @if bars.iter().any(|bar| bar.mark.is_some()) {
                        li { "hatched: a rule was not met" }
                    }
                }
            }
        }
    }
}

fn rows(axis: &Axis, bars: &[Bar], thresholds: &[Threshold]) -> (Markup, f64) {
    let across = |value: f64| BARS_LEFT + axis.position(value) * (BARS_RIGHT - BARS_LEFT);
    let bottom = TOP + ROW * bars.len() as f64;
    let drawing = html! {
        @for (value, label) in &axis.ticks {
            (vertical(across(*value), TOP, bottom))
            (text(across(*value), bottom + 14.0, "middle", label))
        }
        (text((BARS_LEFT + BARS_RIGHT) / 2.0, bottom + 29.0, "middle", &axis.label))
        @for (number, bar) in bars.iter().enumerate() {
            @let top = TOP + ROW * number as f64;
            @let (from, to) = ordered(across(0.0), across(bar.value));
            rect class=(class(bar)) x=(px(from)) y=(px(top + 3.0))
                width=(px((to - from).max(1.0))) height=(px(ROW - 6.0)) {}
        }
        @for threshold in thresholds {
            @let at = across(threshold.value);
            line class="threshold" x1=(px(at)) x2=(px(at)) y1=(px(TOP)) y2=(px(bottom)) {}
        }
        @for (number, bar) in bars.iter().enumerate() {
            @let base = TOP + ROW * number as f64 + 14.0;
            @let (_, to) = ordered(across(0.0), across(bar.value));
            (text(BARS_LEFT - 5.0, base, "end", &shortened(&bar.label)))
            (text(to + 4.0, base, "start", &marked(bar)))
        }
    };
    (drawing, bottom + 34.0)
}

fn columns(axis: &Axis, bars: &[Bar], thresholds: &[Threshold]) -> Markup {
    let down = |value: f64| BOTTOM - axis.position(value) * (BOTTOM - TOP);
    let width = (RIGHT - LEFT) / bars.len() as f64;
    let labels: Vec<String> = bars.iter().map(|bar| shortened(&bar.label)).collect();
    let longest = labels.iter().map(|label| label.chars().count()).max();
    let room = LETTER * (longest.unwrap_or_default() + 2) as f64;
    let every = ((room / width).ceil() as usize).max(1);
    html! {
        (horizontals(axis, down))
        @for (number, bar) in bars.iter().enumerate() {
            @let left = LEFT + width * number as f64;
            @let (from, to) = ordered(down(0.0), down(bar.value));
            rect class=(class(bar)) x=(px(left + width * 0.1)) y=(px(from))
                width=(px(width * 0.8)) height=(px((to - from).max(1.0))) {
                title { (bar.label) ": " (marked(bar)) }
            }
            @if number % every == 0 && left + room <= WIDTH + LETTER {
                (vertical(left + width / 2.0, BOTTOM, BOTTOM + 4.0))
                (text(left, BOTTOM + 16.0, "start", &labels[number]))
            }
            @if let Some(mark) = bar.mark {
                (text(left + width / 2.0, from - 3.0, "middle", mark))
            }
        }
        @for threshold in thresholds {
            @let at = down(threshold.value);
            line class="threshold" x1=(px(LEFT)) x2=(px(RIGHT)) y1=(px(at)) y2=(px(at)) {}
        }
    }
}

fn class(bar: &Bar) -> &'static str {
    match bar.mark {
        Some(_) => "bar missed",
        None => "bar",
    }
}

fn marked(bar: &Bar) -> String {
    match bar.mark {
        Some(mark) => format!("{} {mark}", bar.told),
        None => bar.told.clone(),
    }
}

fn ordered(a: f64, b: f64) -> (f64, f64) {
    (a.min(b), a.max(b))
}

/// The picture with its title and its description, which stand for it where it is not seen.
fn captioned(naming: &Naming, height: f64, drawing: &Markup) -> Markup {
    let Naming { id, title, words } = naming;
    html! {
        figcaption { (title) }
        svg viewBox=(format!("0 0 {WIDTH} {height}")) role="img"
            aria-labelledby=(format!("{id}t {id}d")) {
            title id=(format!("{id}t")) { (title) }
            desc id=(format!("{id}d")) { (words) }
            (drawing)
        }
    }
}

/// Both axes of a plot, with their ticks and what they count.
fn frame(x: &Axis, y: &Axis) -> Markup {
    let down = |value: f64| BOTTOM - y.position(value) * (BOTTOM - TOP);
    html! {
        (horizontals(y, down))
        @for (value, label) in &x.ticks {
            @let at = LEFT + x.position(*value) * (RIGHT - LEFT);
            (vertical(at, BOTTOM, BOTTOM + 4.0))
            (text(at, BOTTOM + 16.0, "middle", label))
        }
        (text((LEFT + RIGHT) / 2.0, HEIGHT - 4.0, "middle", &x.label))
    }
}

/// The upright axis: a line across at every tick, and the unit along its side.
fn horizontals(axis: &Axis, down: impl Fn(f64) -> f64) -> Markup {
    let middle = (TOP + BOTTOM) / 2.0;
    html! {
        @for (value, label) in &axis.ticks {
            @let at = down(*value);
            line class="grid" x1=(px(LEFT)) x2=(px(RIGHT)) y1=(px(at)) y2=(px(at)) {}
            (text(LEFT - 5.0, at + 4.0, "end", label))
        }
        g transform=(format!("translate(11 {middle:.1}) rotate(-90)")) {
            (text(0.0, 0.0, "middle", &axis.label))
        }
    }
}

fn vertical(x: f64, from: f64, to: f64) -> Markup {
    html! { line class="grid" x1=(px(x)) x2=(px(x)) y1=(px(from)) y2=(px(to)) {} }
}

fn text(x: f64, y: f64, anchor: &str, words: &str) -> Markup {
    html! { text x=(px(x)) y=(px(y)) text-anchor=(anchor) { (words) } }
}

/// A piece of a line for the legend.
fn swatch(number: usize) -> Markup {
    html! {
        svg class="swatch" viewBox="0 0 28 8" aria-hidden="true" {
            g class=(format!("line{}", number % LINES)) { path class="curve" d="M0 4L28 4" {} }
        }
    }
}

fn px(value: f64) -> String {
    format!("{value:.1}")
}

/// What all labels begin with, up to the last word or level of it: it need be said only once.
pub(super) fn shared_prefix<'a>(labels: &[&'a str]) -> &'a str {
    let Some((first, rest)) = labels.split_first().filter(|(_, rest)| !rest.is_empty()) else {
        return "";
    };
    let same = |label: &&str| {
        let pairs = first.char_indices().zip(label.chars());
        let differs = pairs.filter(|((_, a), b)| a != b).map(|((at, _), _)| at);
        differs.min().unwrap_or(first.len().min(label.len()))
    };
    let length = rest.iter().map(same).min().unwrap_or_default();
    let cut = first[..length].rfind([' ', '/']);
    cut.map_or("", |at| &first[..=at])
}

/// Its end: what parts of one kind differ in.
fn shortened(label: &str) -> String {
    let length = label.chars().count();
    if length <= LABEL {
        return label.to_owned();
    }
    let end: String = label.chars().skip(length - LABEL + 1).collect();
    format!("…{end}")
}

/// A value with a prefix, and its unit.
pub(super) fn si_measured(value: f64, unit: &str) -> String {
    format!("{} {unit}", si(value)).trim_end().to_owned()
}
