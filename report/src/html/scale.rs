//! From values to places along an axis, and ticks at round values.

/// How values are spread.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Spread {
    Even,
    ByMagnitude,
}

/// An axis: where values lie, ticks with their labels, and what it counts.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    low: f64,
    high: f64,
    spread: Spread,
    pub ticks: Vec<(f64, String)>,
    pub label: String,
}

impl Axis {
    /// One that holds values from `low` to `high`; `None` where these are no range to draw.
    pub(super) fn of(low: f64, high: f64, label: &str) -> Option<Self> {
        let span = high - low;
        if !span.is_finite() || span < 0.0 || low.abs().max(high.abs()) > 1e200 {
            return None;
        }
        // A flat line lies in the middle of something.
        let room = match span <= 1e-9 * high.abs().max(1e-9) {
            true => (0.1 * high.abs()).max(1.0),
            false => 0.0,
        };
        let (low, high) = (low - room, high + room);
        let step = round_step((high - low) / 4.0);
        let (first, last) = ((low / step).floor(), (high / step).ceil());
        let count = (last - first) as usize;
        let tick = |at: usize| (first + at as f64) * step;
        let largest = tick(0).abs().max(tick(count).abs());
        let label_of = |value: f64| prefixed(value, largest, step);
        Some(Axis {
            low: first * step,
            high: last * step,
            spread: Spread::Even,
            ticks: (0..=count)
                .map(|at| (tick(at), label_of(tick(at))))
                .collect(),
            label: label.to_owned(),
        })
    }

    /// One of magnitudes, for positive values that are far apart; an even one for others.
    pub(super) fn of_magnitudes(low: f64, high: f64, label: &str) -> Option<Self> {
        if low <= 0.0 || high / low < 30.0 || !(1e-100..1e100).contains(&high) {
            return Self::of(low.min(0.0), high, label);
        }
        // What is smaller still lies at the begin.
        let low = low.max(high * 1e-12);
        let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
        let every = ((last - first) / 6 + 1) as usize;
        let ticks = (first..=last)
            .step_by(every)
            .map(|power| 10_f64.powi(power));
        Some(Axis {
            low: 10_f64.powi(first),
            high: 10_f64.powi(last),
            spread: Spread::ByMagnitude,
            ticks: ticks.map(|tick| (tick, si(tick))).collect(),
            label: label.to_owned(),
        })
    }

    /// One of so many seconds.
    pub(super) fn of_time(seconds: f64) -> Option<Self> {
        let (unit, each) = match seconds {
            s if s < 180.0 => ("s", 1.0),
            s if s < 3.0 * 3600.0 => ("min", 60.0),
            _ => ("h", 3600.0),
        };
        let mut axis = Self::of(0.0, seconds / each, &format!("time in {unit}"))?;
        // It ends where the curves do.
        (axis.low, axis.high) = (0.0, seconds.max(1e-9));
        axis.ticks.iter_mut().for_each(|(tick, _)| *tick *= each);
        axis.ticks.retain(|(tick, _)| *tick <= seconds);
        Some(axis)
    }

    /// One of names at equal distances: the n-th name is at n.
    pub(super) fn of_names(names: &[String], label: &str) -> Self {
        let ticks = names.iter().enumerate();
        Axis {
            low: 0.0,
            high: (names.len().max(2) - 1) as f64,
            spread: Spread::Even,
            ticks: ticks.map(|(at, name)| (at as f64, name.clone())).collect(),
            label: label.to_owned(),
        }
    }

    /// Where a value lies: 0 at the axis' begin, 1 at its end.
    pub(super) fn position(&self, value: f64) -> f64 {
        let place = match self.spread {
            Spread::Even => (value - self.low) / (self.high - self.low),
            Spread::ByMagnitude => (value / self.low).log10() / (self.high / self.low).log10(),
        };
        place.clamp(0.0, 1.0)
    }
}

/// 1, 2 or 5 times a power of ten, not below the wanted one.
fn round_step(wanted: f64) -> f64 {
    let power = 10_f64.powf(wanted.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * power);
    let found = steps.into_iter().find(|step| *step >= wanted * 0.999_999);
    found.unwrap_or(10.0 * power)
}

/// A number of few digits with a prefix: `250 M`.
pub(super) fn si(value: f64) -> String {
    prefixed(value, value.abs(), value.abs() / 200.0)
}

/// A number with the prefix of the largest of its axis, and the digits that tell steps apart.
fn prefixed(value: f64, largest: f64, step: f64) -> String {
    let (unit, prefix) = match largest {
        size if size >= 1e15 => return format!("{value:.1e}"),
        size if size >= 1e12 => (1e12, "\u{202f}T"),
        size if size >= 1e9 => (1e9, "\u{202f}G"),
        size if size >= 1e6 => (1e6, "\u{202f}M"),
        size if size >= 1e4 => (1e3, "\u{202f}k"),
        size if size == 0.0 || size >= 1e-4 => (1.0, ""),
        _ => return format!("{value:.1e}"),
    };
    let decimals = (-(step / unit).log10()).ceil().clamp(0.0, 9.0) as usize;
    let text = format!("{:.decimals$}", value / unit);
    let text = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => &text,
    };
    match text {
        "0" | "-0" => "0".to_owned(),
        _ => format!("{}{prefix}", text.replace('-', "−")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ticks_are_round() {
        let ticks = |axis: Option<Axis>| {
            let axis = axis.expect("an axis");
            let labels: Vec<_> = axis.ticks.into_iter().map(|(_, label)| label).collect();
            labels.join(" ")
        };
        assert_eq!(ticks(Axis::of(33.0, 61.0, "°C")), "30 40 50 60 70");
        assert_eq!(ticks(Axis::of(5.0, 5.0, "")), "4 4.5 5 5.5 6");
        assert_eq!(ticks(Axis::of_time(7_200.0)), "0 50 100");
        assert_eq!(ticks(Axis::of_magnitudes(0.2, 36.0, "ms")), "0.1 1 10 100");
        assert_eq!(
            ticks(Axis::of(3299.2, 3300.6, "MHz")),
            "3299 3299.5 3300 3300.5 3301"
        );
        assert_eq!(
            ticks(Axis::of(12e3, 12.4e3, "")),
            "12\u{202f}k 12.1\u{202f}k 12.2\u{202f}k 12.3\u{202f}k 12.4\u{202f}k"
        );
        let told = [-2_500_000.0, 65.172, 0.0, 1234.5, 2e16, 0.00012].map(si);
        assert_eq!(told.join(" "), "−2.5\u{202f}M 65.2 0 1234 2.0e16 0.00012");
    }

    proptest! {
        #[test]
        fn every_value_has_its_place(a in any::<f64>(), b in any::<f64>()) {
            let (low, high) = (a.min(b), a.max(b));
            for axis in [Axis::of(low, high, ""), Axis::of_magnitudes(low, high, "")] {
                let Some(axis) = axis else { continue };
                prop_assert!(axis.ticks.len() < 120, "{axis:?}");
                for value in [low, high] {
                    prop_assert!((0.0..=1.0).contains(&axis.position(value)), "{axis:?}");
                }
                prop_assert!(axis.position(low) <= axis.position(high));
            }
        }
    }
}
