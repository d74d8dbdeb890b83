use super::*;

macro_rules! captured {
    ($name:literal) => {
        include_bytes!(concat!("../../captured/stress_ng/", $name)).as_slice()
    };
}

const LOGS: [&[u8]; 11] = [
    captured!("mix.stderr"),
    captured!("brief.stderr"),
    captured!("nomem.stderr"),
    captured!("killed.stderr"),
    captured!("multi.stderr"),
    captured!("usage.stderr"),
    captured!("issue-533-no-memory.stderr"),
    captured!("issue-546-memory-errors.txt"),
    captured!("issue-125-killed-workers.stderr"),
    captured!("issue-1173-skipped.stderr"),
    captured!("issue-580-timestamps.stderr"),
];

fn metrics<'a>(all: &'a [Metrics], name: &str) -> &'a Metrics {
    all.iter()
        .find(|one| one.stressor == name)
        .expect("a stressor")
}

fn tally(count: u64, stressors: &[(&str, u64)]) -> Option<Tally> {
    let counted = |(stressor, count): &(&str, u64)| Counted {
        stressor: (*stressor).to_owned(),
        count: *count,
    };
    Some(Tally {
        count,
        stressors: stressors.iter().map(counted).collect(),
    })
}

#[test]
fn yaml_and_log_have_the_same_figures() {
    let yaml = yaml(captured!("mix.yaml")).expect("a file");
    assert_eq!(yaml.version.as_deref(), Some("0.15.06"));
    assert!(yaml.whole && yaml.unread.is_empty());
    let log = log(captured!("mix.stderr"));
    assert_eq!(log.metrics.len(), 3);
    for name in ["cpu", "matrix", "vm"] {
        let (a, b) = (metrics(&yaml.metrics, name), metrics(&log.metrics, name));
        assert_eq!((a.bogo_ops, a.max_rss_kib), (b.bogo_ops, b.max_rss_kib));
        let near = |a: Option<f64>, b: Option<f64>| (a.expect("a") - b.expect("b")).abs() < 0.01;
        assert!(near(a.real_seconds, b.real_seconds));
        assert!(near(a.user_seconds, b.user_seconds));
        assert!(near(a.system_seconds, b.system_seconds));
        assert!(near(a.bogo_ops_per_real_second, b.bogo_ops_per_real_second));
        assert!(near(a.bogo_ops_per_cpu_second, b.bogo_ops_per_cpu_second));
        assert!(near(a.cpu_percent, b.cpu_percent));
        assert_eq!(a.figures.len(), b.figures.len());
    }
    assert_eq!(metrics(&log.metrics, "matrix").figures.len(), 14);
    let started: Vec<_> = log
        .started
        .iter()
        .map(|one| one.stressor.as_str())
        .collect();
    assert_eq!(started, ["cpu", "matrix", "vm"]);
    let completion = log.completion.expect("an end");
    assert_eq!(
        (completion.successful, completion.seconds),
        (true, Some(2.02))
    );
    let release = yaml.extra.iter().find(|(_, name, _)| name == "release");
    assert_eq!(
        release.map(|(section, _, _)| section.as_str()),
        Some("system-info")
    );
}

#[test]
fn short_metrics_are_read() {
    let log = log(captured!("brief.stderr"));
    let cpu = metrics(&log.metrics, "cpu");
    assert_eq!((cpu.bogo_ops, cpu.cpu_percent), (Some(1645), None));
    assert_eq!(cpu.bogo_ops_per_cpu_second, Some(1668.69));
    let old = super::log(captured!("issue-580-timestamps.stderr"));
    assert_eq!(metrics(&old.metrics, "cpu").bogo_ops, Some(123_456));
    assert_eq!(old.rows.len(), 1);
    assert_eq!(old.rows[0].time.as_deref(), Some("10:48:27.82"));
    assert_eq!(old.completion, None);
}

#[test]
fn killed_worker_is_bookkeeping_and_a_signal() {
    let log = log(captured!("killed.stderr"));
    assert_eq!(log.version.as_deref(), Some("0.15.06"));
    let fails: Vec<&Row> = log
        .rows
        .iter()
        .filter(|row| row.level == Level::Fail)
        .collect();
    assert_eq!(fails.len(), 3);
    assert!(fails.iter().all(|row| row.about == About::Bookkeeping));
    assert_eq!(
        (fails[0].stressor.as_deref(), fails[0].instance),
        (Some("cpu"), Some(0))
    );
    let signal = log
        .rows
        .iter()
        .find(|row| row.about == About::WorkerSignalled);
    let signal = signal.expect("a signal");
    assert_eq!(signal.signal, Some(9));
    assert!(
        log.rows
            .iter()
            .any(|row| row.about == About::OutOfMemoryKill)
    );
    let completion = log.completion.expect("an end");
    assert!(!completion.successful);
    let yaml = yaml(captured!("killed.yaml")).expect("a file");
    assert_eq!(metrics(&yaml.metrics, "cpu").real_seconds, Some(0.0));
    let others = super::log(captured!("issue-125-killed-workers.stderr"));
    assert!(
        others
            .rows
            .iter()
            .take(3)
            .all(|row| row.about == About::Bookkeeping)
    );
    assert_eq!(others.completion.and_then(|end| end.seconds), Some(7879.76));
}

#[test]
fn memory_errors_are_counted() {
    let log = log(captured!("issue-546-memory-errors.txt"));
    let errors: Vec<_> = log
        .rows
        .iter()
        .filter(|row| row.about == About::MemoryErrors)
        .collect();
    let counts: Vec<_> = errors.iter().filter_map(|row| row.errors).collect();
    assert_eq!(counts, [1, 4, 5]);
    assert_eq!(errors[0].stressor.as_deref(), Some("walk-0a"));
    let exited = log
        .rows
        .iter()
        .find(|row| row.about == About::WorkerExited)
        .expect("an exit");
    assert_eq!((exited.exit_status, exited.worker), (Some(2), Some(8014)));
    assert_eq!(
        (exited.process, exited.stressor.as_deref()),
        (Some(8013), Some("vm"))
    );
    assert!(log.rows.iter().any(|row| row.about == About::Aborted));
    assert_eq!(log.failed, tally(1, &[("vm", 1)]));
    assert_eq!(
        (log.passed, log.untrustworthy),
        (tally(0, &[]), tally(0, &[]))
    );
}

#[test]
fn summary_names_what_was_left_out() {
    let log = log(captured!("issue-533-no-memory.stderr"));
    assert_eq!(log.skipped, tally(2, &[("vm", 2)]));
    assert_eq!(log.passed, tally(190, &[("vm", 190)]));
    assert_eq!(log.completion.and_then(|end| end.seconds), Some(1550.5));
    let short = log.rows.iter().filter(|row| row.about == About::NoResource);
    assert_eq!(short.count(), 2);
    let skipped = super::log(captured!("issue-1173-skipped.stderr"));
    assert_eq!(skipped.skipped, tally(16, &[("oom-pipe", 14), ("zlib", 2)]));
    assert_eq!((skipped.failed, skipped.started), (None, Vec::new()));
    let early = super::log(captured!("multi.stderr"));
    let row = early
        .rows
        .iter()
        .find(|row| row.about == About::Skipped)
        .expect("a row");
    assert_eq!(row.stressor.as_deref(), Some("rdrand"));
    let text = b"stress-ng: warn:  [4711] cpu: WARNING: finished prematurely after just 0.01s";
    assert_eq!(super::log(text).rows[0].about, About::EndedEarly);
}

#[test]
fn unknown_metrics_are_rows() {
    let text = b"stress-ng: metrc: [7] gpu 12.5 frames per sec\n";
    let log = log(text);
    assert_eq!((log.rows.len(), log.metrics.len()), (1, 0));
    assert!(log.rows[0].text.contains("frames"));
}

#[test]
fn wrong_options_are_kept() {
    let log = log(captured!("usage.stderr"));
    assert_eq!(log.unread, ["stress-ng: unrecognized option '--nosuch'"]);
    assert_eq!(ExitStatus::of(1), ExitStatus::Usage);
    assert_eq!(ExitStatus::of(7), ExitStatus::MetricsUntrustworthy);
    assert_eq!(ExitStatus::of(-9), ExitStatus::Other(-9));
}

#[test]
fn instances_do_not_replace_the_sum() {
    let yaml = yaml(captured!("instances.yaml")).expect("a file");
    let vm = metrics(&yaml.metrics, "vm");
    assert_eq!((vm.bogo_ops, vm.max_rss_kib), (Some(3000), Some(6492)));
    let each: Vec<_> = vm
        .instances
        .iter()
        .map(|one| (one.instance, one.bogo_ops))
        .collect();
    assert_eq!(each, [(Some(0), Some(3000)), (Some(1), Some(0))]);
    assert!(!yaml.whole);
    assert_eq!(metrics(&yaml.metrics, "cpu").bogo_ops, Some(12));
}

#[test]
fn cut_yaml_never_gives_a_cut_number() {
    let bytes = captured!("mix.yaml");
    for cut in 0..bytes.len() {
        let Ok(yaml) = yaml(&bytes[..cut]) else {
            assert!(cut < 60);
            continue;
        };
        if let Some(cpu) = yaml.metrics.first() {
            assert!(cpu.bogo_ops.is_none_or(|ops| ops == 1414), "{cut}");
        }
    }
}

#[test]
fn unknown_rows_are_kept() {
    let text = b"---\r\nmetrics:\r\n    - stressor: cpu\r\n      bogo-ops: many\r\n      new-figure: 5\r\nnew-section:\r\n      a: b\r\njunk\r\n";
    let yaml = yaml(text).expect("a file");
    let cpu = metrics(&yaml.metrics, "cpu");
    assert_eq!(
        (cpu.bogo_ops, cpu.unread.as_slice()),
        (None, &["bogo-ops: many".to_owned()][..])
    );
    assert_eq!(cpu.figures[0].name, "new-figure");
    assert_eq!(yaml.extra[0].0, "new-section");
    assert_eq!(yaml.unread, ["junk"]);
}

#[test]
fn damage_does_not_panic() {
    let mut state = 99_u32;
    let files = [captured!("mix.yaml"), captured!("instances.yaml")];
    for bytes in LOGS.into_iter().chain(files) {
        for cut in 0..bytes.len().min(3000) {
            log(&bytes[..cut]);
        }
        for _ in 0..100 {
            let mut damaged = bytes.to_vec();
            for _ in 0..10 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let at = state as usize % damaged.len();
                damaged[at] = (state >> 16) as u8;
            }
            log(&damaged);
            let _ = yaml(&damaged);
        }
    }
}

#[test]
fn scientific_numbers_and_other_indents_are_read() {
    let text =
        b"metrics:\n- stressor: cpu\n  bogo-ops: 1.25e4\n  wall-clock-time: 5.0e+00\n  odd: .nan\n";
    let yaml = yaml(text).expect("a file");
    let cpu = metrics(&yaml.metrics, "cpu");
    assert_eq!((cpu.bogo_ops, cpu.real_seconds), (Some(12_500), Some(5.0)));
    assert_eq!(cpu.unread, ["odd: .nan"]);
}
