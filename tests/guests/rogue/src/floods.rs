//! Floods: of lines, points, files, handles, sleeps.

use vetting_stage::context::{self, Point};
use vetting_stage::{Outcome, clock, explain, kernel_log, log};

use crate::outcomes::passed;

/// Runs the mode, if it is one of these.
pub fn run(mode: &str) -> Option<Result<Outcome, String>> {
    Some(match mode {
        "log-flood" => {
            for line in 0..100_000 {
                log::log(log::Level::Info, &format!("line {line}"));
            }
            Ok(passed())
        }
        "log-long-line" => {
            log::log(log::Level::Info, &"long ".repeat(200_000));
            Ok(passed())
        }
        "log-escapes" => {
            log::log(log::Level::Info, "\u{1b}[2J\r\nforged line\u{7}");
            Ok(passed())
        }
        "sample-flood" => {
            let many: Vec<Point> = (0..1000).map(|n| point("one", f64::from(n))).collect();
            for _ in 0..600 {
                if let Err(error) = context::sample(&many) {
                    return Some(Err(explain(&error)));
                }
            }
            Ok(passed())
        }
        "series-flood" => {
            for n in 0..20_000 {
                let points = [point(&format!("series {n} {}", "x".repeat(500)), 1.0)];
                if let Err(error) = context::sample(&points) {
                    return Some(Err(explain(&error)));
                }
            }
            Ok(passed())
        }
        "sample-not-finite" => {
            let points = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
            let points = points.map(|value| point("one", value));
            match context::sample(&points) {
                Ok(()) => Ok(passed()),
                Err(error) => Err(explain(&error)),
            }
        }
        "attachment-flood" => attach((0..10_000).map(|n| (format!("file-{n}"), 10))),
        "attachment-bytes" => attach((0..64).map(|n| (format!("file-{n}"), 1 << 20))),
        "attachment-path" => attach([("../../etc/cron.d/own".to_owned(), 10)].into_iter()),
        "attachment-twice" => attach([1, 2].map(|n| ("same".to_owned(), n)).into_iter()),
        "progress" => progress(),
        "watch-flood" => {
            let mut held = Vec::new();
            loop {
                match kernel_log::open(kernel_log::Beginning::Boot) {
                    Ok(watch) => held.push(watch),
                    Err(error) => break Err(format!("{} held: {}", held.len(), explain(&error))),
                }
            }
        }
        "sleep-past-cancel" => loop {
            // The answer `cancelled` is not listened to.
            let _ignored = clock::sleep(50);
        },
        "sleep-for-ever" => {
            let slept = clock::sleep(u64::MAX);
            Err(format!("slept: {slept:?}"))
        }
        "panic-long" => panic!("\u{1b}[31m{}", "a long reason ".repeat(100_000)),
        _ => return None,
    })
}

fn point(key: &str, value: f64) -> Point {
    Point {
        kind: "count".to_owned(),
        key: key.to_owned(),
        value,
        unit: "1".to_owned(),
    }
}

fn attach(files: impl Iterator<Item = (String, usize)>) -> Result<Outcome, String> {
    for (index, (name, bytes)) in files.enumerate() {
        let content = vec![b'x'; bytes];
        if let Err(error) = context::attach(&name, "text/plain", &content) {
            return Err(format!("{index} attached: {}", explain(&error)));
        }
    }
    Ok(passed())
}

/// Progress that is none: it is refused or cut, never shown.
fn progress() -> Result<Outcome, String> {
    let told = [-1.0, 7.0, f64::NAN, f64::INFINITY]
        .map(|fraction| context::progress(fraction, &"note ".repeat(1000)));
    match told {
        [Ok(()), Ok(()), Err(_), _] => Ok(passed()),
        other => Err(format!("{other:?}")),
    }
}
