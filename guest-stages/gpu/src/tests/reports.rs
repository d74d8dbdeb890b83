//! GPUs that tools do not report on, older GPUs, and reports of DCGM.

use super::*;

#[test]
fn pages_of_older_gpus_are_counted() {
    let mut case = Case::of(T4);
    case.rates = vec![4_000.0];
    case.gpu(0).retired_pages = RetiredPages {
        single_bit: Some(60),
        double_bit: Some(3),
        pending: Some(false),
        ..RetiredPages::default()
    };
    case.gpu(0).remapped_rows = RemappedRows::default();
    assert_eq!(
        found(&case.judge()),
        [(Finding::Fail, "retired_pages_fail")]
    );
}

#[test]
fn a_gpu_that_no_tool_reports_on_is_a_gap() {
    let on = |address: &str| OnBus {
        address: address.into(),
        vendor: Some(0x10de),
        ..OnBus::default()
    };
    let bus = [on("0000:1b:00.0"), on("0000:2b:00.0")];
    let judged = |text: &str| {
        let report = nvidia_smi::gpus(text.as_bytes()).expect("messages");
        let gap = report.messages.first().map(|message| message.text.clone());
        let look = Look {
            report,
            gap,
            ..Look::default()
        };
        let mut findings = Findings::new();
        presence::silent(&bus, &look, &[], &mut findings);
        let found: Vec<_> = findings
            .diagnoses()
            .iter()
            .map(|d| d.finding.clone())
            .collect();
        found
    };
    // One cause is one finding.
    let driver = "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.";
    assert_eq!(judged(driver), [Finding::Unknown]);
    let lost = "Unable to determine the device handle for GPU0000:2B:00.0: GPU is lost.";
    assert_eq!(judged(lost), [Finding::Fail, Finding::Unknown]);
}

#[test]
fn results_of_dcgm_are_the_gpus_of_their_numbers() {
    let look = look(H100);
    let report = br#"{"DCGM Diagnostic": {"test_categories": [{"category": "Hardware", "tests": [
        {"name": "memory", "results": [
            {"entity_group": "GPU", "entity_id": 0, "status": "Pass"},
            {"entity_group": "GPU", "entity_id": 1, "status": "Fail", "warnings": [{"warning": "bad", "error_id": 4}]}],
         "test_summary": {"status": "Fail"}}]}]}}"#;
    let ending = |text: &[u8]| Ending {
        printed: vec![printed_by(0, &String::from_utf8_lossy(text))],
        stopped: false,
        ran_ms: 1,
    };
    let mut findings = Findings::new();
    dcgm::judge(&look, &ending(report), &mut findings);
    let [one] = findings.diagnoses() else {
        panic!("{:?}", findings.diagnoses())
    };
    assert_eq!(one.finding, Finding::Fail);
    assert_eq!(
        one.part.as_ref().map(|p| p.location.as_str()),
        Some("0000:64:00.0")
    );
    let mut findings = Findings::new();
    dcgm::judge(
        &look,
        &ending(b"Error: unable to establish a connection"),
        &mut findings,
    );
    assert_eq!(findings.diagnoses()[0].finding, Finding::Unknown);
}
