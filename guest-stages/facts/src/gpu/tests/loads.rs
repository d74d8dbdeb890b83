use super::{captured, survives};
use crate::gpu::dcgmi_diag::{Status, report};
use crate::gpu::gpu_burn::{Verdict, output};

#[test]
fn good_gpus_are_ok() {
    let capture = captured!("gpu_burn-a100x8.txt");
    let found = output(capture).expect("output");
    assert_eq!(
        (found.tested, found.listed.len(), found.gpus.len()),
        (Some(8), 8, 8)
    );
    assert!(
        found
            .gpus
            .iter()
            .all(|gpu| gpu.verdict == Some(Verdict::Ok))
    );
    assert!(found.gpus.iter().all(|gpu| !gpu.any_errors && !gpu.died));
    assert_eq!(found.gpus[0].last_gflops, Some(16942.0));
    assert!(found.gpus[0].max_temperature.is_some_and(|t| t >= 59.0));
    assert!(found.errors.is_empty(), "{:?}", found.errors);
    survives(capture, output);
}

#[test]
fn wrong_results_and_dead_children_are_seen() {
    let found = output(captured!("gpu_burn-faulty-x16.txt")).expect("output");
    assert_eq!(found.gpus.len(), 16);
    assert_eq!(found.gpus[0].verdict, Some(Verdict::Faulty));
    let wrong: Vec<_> = (0..16).filter(|at| found.gpus[*at].any_errors).collect();
    assert_eq!(wrong, [1, 2, 3, 4, 9, 11, 14]);
    let found = output(captured!("gpu_burn-died-x8.txt")).expect("output");
    assert!(
        found
            .gpus
            .iter()
            .all(|gpu| gpu.died && gpu.verdict.is_none())
    );
    assert_eq!(found.gpus[7].max_errors, Some(1_278_531_568));
    assert_eq!(found.tested, None);
    assert_eq!(found.errors, ["No clients are alive!  Aborting"]);
}

#[test]
fn run_without_progress_and_failed_start_differ() {
    let found = output(captured!("gpu_burn-a2000.txt")).expect("output");
    assert_eq!((found.seconds, found.tested), (Some(10), Some(1)));
    assert!(found.progress.is_empty());
    assert_eq!(found.gpus[0].verdict, Some(Verdict::Ok));
    let found =
        output(b"cuInit returned 802 (system not yet initialized)\nCouldn't init CUDA: Error\n")
            .expect("output");
    assert_eq!(found.errors.len(), 2);
    assert!(found.gpus.is_empty());
    assert!(output(b"\n").is_err());
}

#[test]
fn cut_json_of_dcgm_3_keeps_its_whole_tests() {
    let capture = captured!("dcgmi-3.3.1-cut.json");
    let found = report(capture).expect("a report");
    assert!(found.cut);
    let names: Vec<_> = found
        .tests
        .iter()
        .map(|t| (t.category.as_str(), t.name.as_str()))
        .collect();
    assert_eq!(
        names[..2],
        [("Integration", "PCIe"), ("Hardware", "GPU Memory")]
    );
    assert_eq!(found.tests[0].results[0].status, Some(Status::Skip));
    assert_eq!(found.tests[0].results[0].ids, [0]);
    survives(capture, report);
}

#[test]
fn json_forms_of_dcgm_2_and_4_are_read() {
    let old = br#"{"DCGM GPU Diagnostic": {"Driver Version Detected": "470.57", "version": "2.4.5", "test_categories": [
        {"category": "Hardware", "tests": [{"name": "GPU Memory", "results": [
            {"gpu_ids": "0,1", "status": "PASS", "info": "GPU 0 Allocated"},
            {"gpu_ids": "2", "status": "Fail", "warnings": "GPU 2 failed"}, {"gpu_ids": "3", "status": "Odd"}]}]}], "new": 1}}"#;
    let found = report(old).expect("a report");
    assert_eq!(
        (found.version.as_deref(), found.cut),
        (Some("2.4.5"), false)
    );
    let results = &found.tests[0].results;
    assert_eq!(
        (results[0].status, &results[0].ids[..]),
        (Some(Status::Pass), &[0, 1][..])
    );
    assert_eq!(results[1].warnings[0].text, "GPU 2 failed");
    assert_eq!(
        (results[2].status, &results[2].extra["status"]),
        (None, &"Odd".into())
    );
    assert_eq!(found.extra["new"], 1);
    let new = br#"noise
{"DCGM Diagnostic": {"test_categories": [{"category": "Deployment", "tests": [{"name": "software", "results": [
        {"entity_group": "GPU", "entity_group_id": 1, "entity_id": 0, "status": "Fail", "warnings": [
            {"error_category": 8, "error_id": 29, "error_severity": 5, "warning": "Persistence Mode: off"}]}],
        "test_summary": {"status": "Fail"}}]}]},
     "entity_groups": [{"entity_group": "GPU", "entity_group_id": 1, "entities": [
        {"device_id": "2330", "entity_id": 0, "serial_num": "1650000000001"}]}],
     "metadata": {"version": "4.2.3", "Driver Version Detected": "570.1"}}"#;
    let found = report(new).expect("a report");
    assert_eq!(found.driver.as_deref(), Some("570.1"));
    assert_eq!(found.entities[0].serial.as_deref(), Some("1650000000001"));
    assert_eq!(found.tests[0].summary, Some(Status::Fail));
    let result = &found.tests[0].results[0];
    assert_eq!(result.entity_group.as_deref(), Some("GPU"));
    assert_eq!(
        (result.warnings[0].error_id, result.warnings[0].severity),
        (Some(29), Some(5))
    );
    assert_eq!(found.messages, ["noise"]);
}

#[test]
fn tables_are_read_too() {
    let found = report(captured!("dcgmi-table-4.2.3.txt")).expect("a report");
    assert_eq!(found.version.as_deref(), Some("4.2.3"));
    assert_eq!(found.device_ids.len(), 4);
    assert_eq!(
        (found.tests[0].name.as_str(), found.tests[0].results.len()),
        ("software", 4)
    );
    assert_eq!(found.tests[0].results[3].ids, [3]);
    let capture = captured!("dcgmi-table-3.3.1-part.txt");
    let found = report(capture).expect("a report");
    let test = &found.tests[0];
    assert_eq!(
        (test.category.as_str(), test.name.as_str()),
        ("Hardware", "GPU Memory")
    );
    assert_eq!(
        (&test.results[1].ids[..], test.results[1].status),
        (&[0][..], Some(Status::Fail))
    );
    assert!(test.warnings[0].text.ends_with("are busy or unavailable'."));
    survives(capture, report);
    assert!(report(b"Error: unable to connect").is_err());
}
