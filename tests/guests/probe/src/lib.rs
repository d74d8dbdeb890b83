//! A stage that behaves as its parameter says: one component for every ending.

use vetting_stage::{Findings, Measure, Outcome, clock, context, explain, hwmon, kernel_log, log};

vetting_stage::parameters! {
    /// What to do, one of the names in this file.
    mode: text = "pass", "the tests";
    /// How often, for the modes that repeat something.
    times: integer = 1000, "the tests";
}

vetting_stage::rules! {
    /// The answer is too low.
    ANSWER: fail "answer_floor" = "0.5", "the tests";
    /// Nothing: it makes an outcome large.
    PADDING: warn "padding" = "none", "the tests";
}

vetting_stage::stage!(run);

fn run() -> Result<Outcome, String> {
    let parameters = Parameters::read()?;
    let times = parameters.times;
    match parameters.mode.as_str() {
        "pass" => Ok(passed(1.0)),
        "fail" => Ok(passed(0.0)),
        "skip" => Ok(Findings::new().skip("there is no such hardware", "nothing")),
        "error" => Err("the stage's own error".to_owned()),
        "panic" => panic!("a panic with a reason"),
        "unearned" => Ok(unearned()),
        "memory" => memory(times),
        "recursion" => Ok(passed(recurse(times) as f64)),
        "log" => {
            for line in 0..times {
                log::log(log::Level::Info, &format!("line {line}"));
            }
            Ok(passed(1.0))
        }
        "escape" => {
            log::log(log::Level::Info, "\u{1b}[2Jcleared\r\nforged line");
            Ok(passed(1.0))
        }
        "samples" => {
            for index in 0..times {
                let value = if index % 2 == 0 {
                    index as f64
                } else {
                    f64::NAN
                };
                sample(value)?;
            }
            Ok(passed(1.0))
        }
        "calls" => {
            for _ in 0..times {
                clock::monotonic();
            }
            Ok(passed(1.0))
        }
        "big-call" => {
            let kibibytes = usize::try_from(times).map_err(|e| e.to_string())?;
            log::log(log::Level::Info, &"x".repeat(kibibytes << 10));
            Ok(passed(1.0))
        }
        "handles" => {
            let mut held = Vec::new();
            for _ in 0..times {
                held.push(kernel_log::open(kernel_log::Beginning::Now).map_err(|e| explain(&e))?);
            }
            Ok(passed(held.len() as f64))
        }
        "attach" => {
            let refused = (0..times).find_map(|n| {
                let name = format!("file-{n}.txt");
                context::attach(&name, "text/plain", b"content").err()
            });
            match refused {
                Some(error) => Err(explain(&error)),
                None => Ok(passed(1.0)),
            }
        }
        "outcome" => {
            let mut findings = Findings::new();
            for _ in 0..times {
                findings.good(PADDING, None, "x".repeat(1000));
            }
            findings.hold(measure(1.0), || "bad".to_owned());
            Ok(findings.outcome("large"))
        }
        "hwmon" => match hwmon::read() {
            Ok(_) => Ok(passed(1.0)),
            Err(error) => Err(explain(&error)),
        },
        "hwmon-calls" => {
            for _ in 0..times {
                hwmon::read().map_err(|e| explain(&e))?;
            }
            Ok(passed(1.0))
        }
        // Returns what it has as soon as it is cancelled.
        "partial" => {
            let _cancelled = clock::sleep(3_600_000);
            Ok(passed(1.0))
        }
        "partial-fail" => {
            let _cancelled = clock::sleep(3_600_000);
            Ok(passed(0.0))
        }
        "naps" => {
            for nap in 0..times {
                clock::sleep(1000).map_err(|e| explain(&e))?;
                sample(nap as f64)?;
            }
            Ok(passed(1.0))
        }
        // A line and a sample in every second.
        "talk" => {
            for second in 0..times {
                log::log(log::Level::Info, &format!("second {second}"));
                sample(second as f64)?;
                clock::sleep(1000).map_err(|e| explain(&e))?;
            }
            Ok(passed(1.0))
        }
        other => Err(format!("there is no mode `{other}`")),
    }
}

fn measure(value: f64) -> Measure {
    Measure::number("answer", value).at_least(ANSWER, 0.5)
}

/// An outcome that passes when the value is at least 0.5.
fn passed(value: f64) -> Outcome {
    let mut findings = Findings::new();
    findings.hold(measure(value), || "the answer is too low".to_owned());
    findings.outcome("one answer")
}

/// A pass over nothing at all.
fn unearned() -> Outcome {
    let mut outcome = passed(1.0);
    outcome.measurements.clear();
    outcome
}

fn sample(value: f64) -> Result<(), String> {
    let point = context::Point {
        kind: "count".to_owned(),
        key: "probe".to_owned(),
        value,
        unit: "1".to_owned(),
    };
    context::sample(&[point]).map_err(|e| explain(&e))
}

fn memory(mebibytes: u64) -> Result<Outcome, String> {
    let mut held = Vec::new();
    for _ in 0..mebibytes {
        held.push(std::hint::black_box(vec![1_u8; 1 << 20]));
    }
    Ok(passed(held.len() as f64))
}

/// Deep enough for any stack; the compiler must not make it a loop.
#[inline(never)]
fn recurse(depth: u64) -> u64 {
    let frame = std::hint::black_box([depth; 64]);
    if depth == 0 {
        return 1;
    }
    let below = recurse(depth - 1);
    std::hint::black_box(frame)[0] + below
}
