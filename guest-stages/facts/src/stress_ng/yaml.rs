//! The file of `--yaml`: flat enough to be read line by line, so that a cut one gives what it has.

use serde::Serialize;

use super::figures::{Figure, Instance, Metrics};
use crate::Unreadable;

/// What the file holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Yaml {
    /// stress-ng's version: `0.15.06`.
    pub version: Option<String>,
    /// One entry per stressor.
    pub metrics: Vec<Metrics>,
    /// Whether the file came to its end (`...`).
    pub whole: bool,
    /// All other rows, each with its section: `system-info`, `release`, `6.1.0`.
    pub extra: Vec<(String, String, String)>,
    /// Lines that could not be read.
    pub unread: Vec<String>,
}

/// Reads the file of `--yaml`.
pub fn yaml(bytes: &[u8]) -> Result<Yaml, Unreadable> {
    let text = String::from_utf8_lossy(bytes);
    let mut state = State::default();
    let ended = bytes.last() == Some(&b'\n');
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        // The last line may be cut within a number.
        match ended || lines.peek().is_some() || line.trim() == "..." {
            true => state.line(line),
            false => state.yaml.unread.push(line.trim().to_owned()),
        }
    }
    let yaml = state.yaml;
    let something = !yaml.metrics.is_empty() || !yaml.extra.is_empty() || yaml.version.is_some();
    match something || yaml.whole {
        true => Ok(yaml),
        false => Err(Unreadable::starting("stress-ng's YAML", bytes)),
    }
}

#[derive(Default)]
struct State {
    yaml: Yaml,
    section: String,
    /// The indent of `instances:` within the current stressor.
    instances: Option<usize>,
}

impl State {
    fn line(&mut self, line: &str) {
        let indent = line.len().saturating_sub(line.trim_start().len());
        let line = line.trim();
        match line {
            "" | "---" => return,
            "..." => {
                self.yaml.whole = true;
                return;
            }
            _ => {}
        }
        let (item, row) = match line.strip_prefix("- ") {
            Some(row) => (true, row.trim_start()),
            None => (false, line),
        };
        let Some((name, value)) = row.split_once(':') else {
            self.yaml.unread.push(line.to_owned());
            return;
        };
        let value = unquoted(value.trim());
        if indent == 0 && !item && value.is_empty() {
            self.section = name.to_owned();
            self.instances = None;
            return;
        }
        if self.section != "metrics" {
            self.other(name, value);
            return;
        }
        if item && name == "stressor" {
            self.instances = None;
            self.yaml.metrics.push(Metrics {
                stressor: value.to_owned(),
                ..Metrics::default()
            });
            return;
        }
        self.figure(item, indent, name, value, line);
    }

    fn other(&mut self, name: &str, value: &str) {
        if name == "stress-ng-version" {
            self.yaml.version = Some(value.to_owned());
            return;
        }
        let row = (self.section.clone(), name.to_owned(), value.to_owned());
        self.yaml.extra.push(row);
    }

    fn figure(&mut self, item: bool, indent: usize, name: &str, value: &str, line: &str) {
        let Some(metrics) = self.yaml.metrics.last_mut() else {
            self.yaml.unread.push(line.to_owned());
            return;
        };
        if self.instances.is_some_and(|outer| indent <= outer) {
            self.instances = None;
        }
        if value.is_empty() {
            self.instances = Some(indent);
            if name != "instances" {
                metrics.unread.push(line.to_owned());
            }
            return;
        }
        let number = value.parse().ok().filter(|number: &f64| number.is_finite());
        if self.instances.is_some() {
            if item {
                metrics.instances.push(Instance::default());
            }
            match (metrics.instances.last_mut(), number) {
                (Some(instance), Some(number)) => own(instance, name, value, number),
                _ => metrics.unread.push(line.to_owned()),
            }
            return;
        }
        let Some(number) = number else {
            metrics.unread.push(line.to_owned());
            return;
        };
        match name {
            "bogo-ops" if metrics.bogo_ops.is_none() => metrics.bogo_ops = whole(value, number),
            "bogo-ops-per-second-real-time" => metrics.bogo_ops_per_real_second = Some(number),
            "bogo-ops-per-second-usr-sys-time" => metrics.bogo_ops_per_cpu_second = Some(number),
            "wall-clock-time" => metrics.real_seconds = Some(number),
            "user-time" => metrics.user_seconds = Some(number),
            "system-time" => metrics.system_seconds = Some(number),
            "cpu-usage-per-instance" => metrics.cpu_percent = Some(number),
            "max-rss" => metrics.max_rss_kib = whole(value, number),
            _ => metrics.figures.push(Figure {
                name: name.to_owned(),
                value: number,
            }),
        }
    }
}

fn own(instance: &mut Instance, name: &str, value: &str, number: f64) {
    match name {
        "instance" => instance.instance = whole(value, number),
        "bogo-ops" => instance.bogo_ops = whole(value, number),
        _ => instance.figures.push(Figure {
            name: name.to_owned(),
            value: number,
        }),
    }
}

/// A whole number, also one printed as `12.0`.
pub(super) fn whole(text: &str, number: f64) -> Option<u64> {
    let fits = number.fract() == 0.0 && (0.0..9_007_199_254_740_992.0).contains(&number);
    text.parse().ok().or(fits.then_some(number as u64))
}

fn unquoted(value: &str) -> &str {
    for quote in ['\'', '"'] {
        let inner = value
            .strip_prefix(quote)
            .and_then(|rest| rest.strip_suffix(quote));
        if let Some(inner) = inner {
            return inner;
        }
    }
    value
}
