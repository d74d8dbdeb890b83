//! What models of GPUs are known to do: their data sheets.

/// The peak rate of single precision in billions of operations a second, by words of a model's name:
/// NVIDIA's data sheets, without tensor cores. The first that fits. Boards of 75 W and less are left out:
/// their power limit leaves them a third of their peak or less.
const PEAKS: [(&str, f64); 22] = [
    ("H100 PCIe", 51_200.0),
    ("H100 NVL", 60_000.0),
    ("H100", 66_900.0),
    ("H800", 66_900.0),
    ("H200", 66_900.0),
    ("GH200", 66_900.0),
    ("B200", 75_000.0),
    ("A100", 19_500.0),
    ("A800", 19_500.0),
    ("A30", 10_300.0),
    ("A40", 37_400.0),
    ("A6000", 38_700.0),
    ("L40S", 91_600.0),
    ("L40", 90_500.0),
    ("RTX 6000 Ada", 91_100.0),
    ("V100-SXM", 15_700.0),
    ("V100-PCIE", 14_000.0),
    ("P100", 9_300.0),
    ("RTX 3090", 35_600.0),
    ("RTX 4090", 82_600.0),
    ("RTX 4080", 48_700.0),
    ("RTX 3080", 29_800.0),
];

/// The peak of a model; `None`: not known.
pub fn peak(model: &str) -> Option<f64> {
    let found = PEAKS.iter().find(|(words, _)| model.contains(words));
    found.map(|(_, peak)| *peak)
}

#[cfg(test)]
mod tests {
    use super::peak;

    #[test]
    fn models_are_known_by_their_names() {
        assert_eq!(peak("NVIDIA L40S"), Some(91_600.0));
        assert_eq!(peak("NVIDIA H100 PCIe"), Some(51_200.0));
        assert_eq!(peak("NVIDIA H100 80GB HBM3"), Some(66_900.0));
        assert_eq!(peak("Tesla V100-SXM2-32GB"), Some(15_700.0));
        assert_eq!(peak("NVIDIA L4"), None);
    }
}
