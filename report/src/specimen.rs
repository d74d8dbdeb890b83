//! Records for the tests of every format: one with something of everything, and one whose texts are
//! hostile.

use vetting_protocol::{
    AttachmentRecord, Bucket, Comparison, Denial, Diagnosis, Ending, Finding, Level, LogLine,
    Measurement, Part, Series, Severity, StageRecord, Validator, Value, Verdict,
};

use crate::record::RunRecord;
use crate::record::tests::{record, stage};

/// Something of everything.
pub(crate) fn full() -> RunRecord {
    let mut inventory = stage("Inventory", Some(Verdict::Pass));
    inventory.message = "good".to_owned();
    let mut gpu = stage("GPU", Some(Verdict::Skip));
    gpu.message = "there is no GPU, and none is expected".to_owned();
    let mut memory = stage("Memory", Some(Verdict::Inconclusive));
    memory.message = "trapped: unreachable".to_owned();
    memory.ending = Ending::Trap {
        reason: "unreachable".to_owned(),
        panic: Some("index out of bounds".to_owned()),
        backtrace: vec!["memory::run".to_owned()],
    };
    let mut network = stage("Network", Some(Verdict::Cancelled));
    network.message = "cancelled by SIGINT".to_owned();
    network.ending = Ending::Cancelled {
        by: "SIGINT".to_owned(),
        partial_outcome: true,
    };
    let stages = vec![
        inventory,
        storage(),
        gpu,
        memory,
        network,
        stage("PSU", None),
    ];
    let mut record = record(stages);
    record
        .notes
        .push("a folder could not be removed".to_owned());
    record
}

/// A stage that measured, drew curves and failed at the second attempt.
pub(crate) fn storage() -> StageRecord {
    let mut storage = stage("Storage", Some(Verdict::Fail));
    storage.attempt = 2;
    storage.message = "disk sdb: too slow".to_owned();
    let disk = |location: &str, serial: &str| Part {
        kind: "disk".to_owned(),
        location: location.to_owned(),
        serial: Some(serial.to_owned()),
        model: Some("Exos X18".to_owned()),
    };
    for (name, factor) in [("sda", 1.0), ("sdb", 4.0)] {
        let part = Some(disk(name, &format!("Z{name}")));
        for (percent, milliseconds) in [("50", 0.2), ("99", 1.5), ("99.9", 9.0)] {
            storage.measurements.push(Measurement {
                name: format!("latency-p{percent}"),
                value: Value::Number(milliseconds * factor),
                unit: Some("ms".to_owned()),
                part: part.clone(),
                validators: Vec::new(),
            });
        }
        let value = 200e6 / factor;
        let least = |name: &str, floor: f64, severity| Validator {
            name: name.to_owned(),
            comparison: Comparison::GreaterThanOrEqual,
            expected: vec![Value::Number(floor)],
            severity,
            source: "default, by class of disk".to_owned(),
            met: Some(value >= floor),
        };
        storage.measurements.push(Measurement {
            name: "read-in-order".to_owned(),
            value: Value::Number(value),
            unit: Some("B/s".to_owned()),
            part: part.clone(),
            validators: vec![
                least("class_floor", 150e6, Severity::Warn),
                least("min_read_mbps", 100e6, Severity::Fail),
            ],
        });
    }
    storage.measurements.push(Measurement {
        name: "firmware".to_owned(),
        value: Value::Text("SN04".to_owned()),
        unit: None,
        part: Some(disk("sda", "Zsda")),
        validators: vec![
            Validator {
                name: "released".to_owned(),
                comparison: Comparison::InSet,
                expected: vec![
                    Value::Text("SN03".to_owned()),
                    Value::Text("SN04".to_owned()),
                ],
                severity: Severity::Fail,
                source: "the machine's spec".to_owned(),
                met: Some(true),
            },
            Validator {
                name: "newer".to_owned(),
                comparison: Comparison::Other("semver".to_owned()),
                expected: vec![Value::Text("SN03".to_owned())],
                severity: Severity::Warn,
                source: "the machine's spec".to_owned(),
                met: None,
            },
        ],
    });
    let diagnosis = |name: &str, finding, location: &str, message: &str| Diagnosis {
        name: name.to_owned(),
        finding,
        message: message.to_owned(),
        part: Some(disk(location, &format!("Z{location}"))),
    };
    storage.diagnoses = vec![
        diagnosis("class_floor", Finding::Warn, "sdb", "it reads 50 MB/s"),
        diagnosis(
            "min_read_mbps",
            Finding::Fail,
            "sdb",
            "too slow; replace it",
        ),
        diagnosis("scratch", Finding::Unknown, "sda", "no room for the file"),
        diagnosis("class_latency", Finding::Pass, "sda", "quick"),
    ];
    let bucket = |at: u64, mean: f64| Bucket {
        at_ns: at * 500_000_000,
        points: 1 + at % 2,
        min: mean - 2.0,
        mean,
        max: mean + 3.0,
    };
    for (key, base) in [("drivetemp/sda", 35.0), ("drivetemp/sdb", 52.0)] {
        let buckets: Vec<_> = (0..4).map(|at| bucket(at, base + at as f64)).collect();
        storage.series.push(Series {
            kind: "temperature".to_owned(),
            key: key.to_owned(),
            unit: "Cel".to_owned(),
            points: buckets.iter().map(|b| b.points).sum(),
            buckets,
        });
    }
    let line = |at_ns, level, text: &str| LogLine {
        at_ns,
        level,
        text: text.to_owned(),
    };
    storage.log = vec![
        line(1_000, Level::Trace, "reading sda"),
        line(700_000_000, Level::Warn, "sdb answers slowly"),
    ];
    storage.log_dropped = 3;
    storage.denials = vec![Denial {
        function: "fio.start".to_owned(),
        reason: "denied by the policy file: no writing".to_owned(),
        count: 2,
    }];
    let file =
        |name: &str, media_type: &str, text: Option<&str>, base64: Option<&str>| AttachmentRecord {
            name: name.to_owned(),
            media_type: media_type.to_owned(),
            bytes: 4,
            digest: "cd".repeat(32),
            text: text.map(str::to_owned),
            base64: base64.map(str::to_owned),
        };
    storage.attachments = vec![
        file("fio.json", "application/json", Some("{}\n"), None),
        file(
            "trace.bin",
            "application/octet-stream",
            None,
            Some("AAECAw=="),
        ),
        file("elsewhere.bin", "application/octet-stream", None, None),
    ];
    storage
}

/// A text that breaks out of everything that does not hold it.
pub(crate) const HOSTILE: &str = "\u{1b}[2J\u{0}\u{fffe}\u{202e}]]></system-out></style></script><script src=\"https://evil.example/x.js\">\
     alert(1)</script><img src='http://evil.example/' onerror=\"x()\">&amp;<!--\r\n999 passed";

/// A record in which every text of the stage is hostile.
pub(crate) fn hostile() -> RunRecord {
    let mut evil = storage();
    let put = |text: &mut String| HOSTILE.clone_into(text);
    put(&mut evil.stage);
    put(&mut evil.message);
    put(&mut evil.summary);
    evil.version = Some(HOSTILE.to_owned());
    evil.digest = Some(HOSTILE.to_owned());
    evil.parameters = serde_json::json!({ HOSTILE: HOSTILE });
    evil.ending = Ending::Error {
        text: HOSTILE.to_owned(),
    };
    for measurement in &mut evil.measurements {
        measurement.unit = Some(HOSTILE.to_owned());
        measurement.name.push_str(HOSTILE);
        if let Value::Text(text) = &mut measurement.value {
            put(text);
        }
        for validator in &mut measurement.validators {
            put(&mut validator.name);
            put(&mut validator.source);
            validator.expected.push(Value::Text(HOSTILE.to_owned()));
        }
    }
    let parts = evil.measurements.iter_mut().map(|m| &mut m.part);
    for part in parts
        .chain(evil.diagnoses.iter_mut().map(|d| &mut d.part))
        .flatten()
    {
        put(&mut part.kind);
        part.location.push_str(HOSTILE);
        part.serial = Some(HOSTILE.to_owned());
        part.model = Some(HOSTILE.to_owned());
    }
    for diagnosis in &mut evil.diagnoses {
        put(&mut diagnosis.name);
        put(&mut diagnosis.message);
    }
    for series in &mut evil.series {
        put(&mut series.kind);
        series.key.push_str(HOSTILE);
        put(&mut series.unit);
    }
    for line in &mut evil.log {
        put(&mut line.text);
    }
    for denial in &mut evil.denials {
        put(&mut denial.function);
        put(&mut denial.reason);
    }
    for file in &mut evil.attachments {
        put(&mut file.name);
        put(&mut file.media_type);
        if let Some(text) = &mut file.text {
            put(text);
        }
    }
    let mut record = record(vec![evil]);
    record.notes.push(HOSTILE.to_owned());
    put(&mut record.machine);
    put(&mut record.contract);
    put(&mut record.vetting_version);
    record
}
