//! The document of `dcgmi diag -j`, as DCGM 4 prints it.

use serde_json::{Value, json};

/// What DCGM found of one GPU.
#[derive(Clone, Debug)]
pub struct Found {
    /// DCGM's number of the GPU.
    pub number: usize,
    /// Its serial number.
    pub serial: Option<String>,
    /// Its PCI device id: `2330`.
    pub device_id: String,
    /// Errors of its memory that were not corrected.
    pub memory_errors: u64,
    /// Wrong results.
    pub wrong: u64,
}

/// Tests by their category, with the level from which on they are run.
const TESTS: [(&str, &str, u8); 7] = [
    ("Deployment", "software", 1),
    ("Integration", "pcie", 2),
    ("Hardware", "memory", 2),
    ("Hardware", "diagnostic", 3),
    ("Stress", "targeted_stress", 3),
    ("Stress", "targeted_power", 3),
    ("Stress", "memtest", 4),
];

/// Seconds that a level takes.
pub fn seconds(level: u8) -> u64 {
    match level {
        1 => 5,
        2 => 120,
        3 => 900,
        _ => 5_400,
    }
}

/// The document, and its exit status.
pub fn report(version: &str, driver: &str, level: u8, gpus: &[Found]) -> (Vec<u8>, i32) {
    let mut categories: Vec<Value> = Vec::new();
    let mut failed = false;
    for (category, name, from) in TESTS {
        if level < from {
            continue;
        }
        let results: Vec<Value> = gpus.iter().map(|gpu| result(name, gpu)).collect();
        let bad = results.iter().any(|result| result["status"] == "Fail");
        failed |= bad;
        let summary = if bad { "Fail" } else { "Pass" };
        let test = json!({
            "name": name, "results": results, "test_summary": {"status": summary},
        });
        match categories.last_mut() {
            Some(last) if last["category"] == category => {
                if let Some(tests) = last["tests"].as_array_mut() {
                    tests.push(test);
                }
            }
            _ => categories.push(json!({"category": category, "tests": [test]})),
        }
    }
    let entities: Vec<Value> = gpus.iter().map(entity).collect();
    let document = json!({
        "DCGM Diagnostic": {"test_categories": categories},
        "entity_groups": [{"entity_group": "GPU", "entity_group_id": 1, "entities": entities}],
        "metadata": {"version": version, "Driver Version Detected": driver},
    });
    // DCGM's own number of a diagnostic that failed, as a byte.
    let exit_status = if failed { 226 } else { 0 };
    (document.to_string().into_bytes(), exit_status)
}

fn entity(gpu: &Found) -> Value {
    json!({
        "device_id": gpu.device_id, "entity_id": gpu.number,
        "serial_num": gpu.serial.as_deref().unwrap_or("Unknown"),
    })
}

fn result(test: &str, gpu: &Found) -> Value {
    let warning = match test {
        "memory" | "memtest" if gpu.memory_errors > 0 => Some(format!(
            "{} uncorrectable ECC errors were found on GPU {}",
            gpu.memory_errors, gpu.number
        )),
        "diagnostic" | "targeted_stress" if gpu.wrong > 0 => Some(format!(
            "Found {} miscompares during the test on GPU {}",
            gpu.wrong, gpu.number
        )),
        _ => None,
    };
    let mut result = json!({
        "entity_group": "GPU", "entity_group_id": 1, "entity_id": gpu.number, "status": "Pass",
    });
    if let Some(warning) = warning {
        result["status"] = json!("Fail");
        result["warnings"] =
            json!([{"error_category": 7, "error_id": 4, "error_severity": 5, "warning": warning}]);
    }
    result
}
