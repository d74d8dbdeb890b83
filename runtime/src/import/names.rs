//! Which question a file answers, by its name and the folders above it: `sos_commands/ata/smartctl_-a_.dev.sda`,
//! `smartctl-x-sda.json`, `ipmitool-sel-elist.txt`. sosreport replaces spaces by `_` and slashes by `.`.

/// What a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guess {
    /// A document: its query, its target, the command line as far as the name gives it, and how much is to be
    /// said for this file where several answer the same question.
    Document {
        /// `smart.read`.
        query: &'static str,
        /// `sda`.
        target: String,
        /// The program, and the arguments that the answer is known by.
        argv: Vec<&'static str>,
        /// More is better.
        rank: u8,
    },
    /// The kernel's log; more is better.
    KernelLog(u8),
}

/// Guesses; `None`: nothing that is known.
pub fn guess(path: &str) -> Option<Guess> {
    let path = path.to_ascii_lowercase();
    let name = path.rsplit('/').next().unwrap_or(&path);
    let words = Words::of(&path);
    if let Some(rank) = kernel_log(name, &path) {
        return Some(Guess::KernelLog(rank));
    }
    if words.has("smartctl") || words.has("smart") {
        return smartctl(&words);
    }
    if words.has("ipmitool") || words.has("ipmi") || words.has("bmc") {
        return ipmitool(&words);
    }
    gpu(&words, name)
}

/// The words of a path: runs of letters and digits.
struct Words<'a>(Vec<&'a str>);

impl<'a> Words<'a> {
    fn of(path: &'a str) -> Self {
        let words = path.split(|c: char| !c.is_ascii_alphanumeric());
        Words(words.filter(|word| !word.is_empty()).collect())
    }

    fn has(&self, word: &str) -> bool {
        self.0.contains(&word)
    }

    fn all(&self, words: &[&str]) -> bool {
        words.iter().all(|word| self.has(word))
    }
}

fn kernel_log(name: &str, path: &str) -> Option<u8> {
    let words = Words::of(name);
    // Raw records, with levels, with the kernel's own time, and then the journal's.
    Some(match () {
        () if words.has("kmsg") => 6,
        () if words.has("dmesg") && words.has("r") => 5,
        () if words.has("dmesg") && words.has("x") => 5,
        () if words.has("dmesg") && words.has("t") => 3,
        // Of the boot before this one.
        () if words.has("dmesg") && (words.has("0") || words.has("old")) => return None,
        () if words.has("dmesg") => 4,
        () if words.has("journalctl") && words.has("k") => 2,
        () if words.has("journalctl") && words.has("dmesg") => 2,
        () if path == "kernel.log" || path == "kern.log" => 1,
        () => return None,
    })
}

fn smartctl(words: &Words) -> Option<Guess> {
    let json = u8::from(words.has("json") || words.has("j"));
    if words.has("scan") {
        let argv = vec!["smartctl", "--json=c", "--scan-open"];
        return document("smart.scan", String::new(), argv, json);
    }
    // What is asked for single logs is not the whole document.
    let part = ["scterc", "devstat", "error", "selftest", "capabilities"];
    if part.iter().any(|word| words.has(word)) {
        return None;
    }
    let target = words.0.iter().rev().find_map(|word| drive(word))?;
    let whole = u8::from(words.has("x") || words.has("xall"));
    let argv = vec!["smartctl", "-x"];
    document(
        "smart.read",
        target,
        argv,
        json.saturating_mul(2).saturating_add(whole),
    )
}

/// The drive that a word names.
fn drive(word: &str) -> Option<String> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if let Some(letters) = word.strip_prefix("sd") {
        let few = (1..=3).contains(&letters.len());
        return (few && letters.bytes().all(|b| b.is_ascii_lowercase())).then(|| word.to_owned());
    }
    if let Some(number) = word.strip_prefix("sg") {
        return digits(number).then(|| word.to_owned());
    }
    let rest = word.strip_prefix("nvme")?;
    match rest.split_once('n') {
        Some((controller, namespace)) => {
            (digits(controller) && digits(namespace)).then(|| word.to_owned())
        }
        // The controller's own name: its first namespace is what the kernel lists.
        None => digits(rest).then(|| format!("{word}n1")),
    }
}

fn ipmitool(words: &Words) -> Option<Guess> {
    let verbose = words.has("v") || words.has("verbose");
    let (target, argv): (&str, Vec<&'static str>) = match () {
        () if words.all(&["sel", "info"]) => ("event-log-info", vec!["sel", "info"]),
        () if words.all(&["sel", "time"]) => ("clock", vec!["sel", "time", "get"]),
        () if words.has("sel") && verbose => return None,
        () if words.has("sel") => ("event-log", vec!["sel", "elist"]),
        () if words.has("sdr") && words.has("info") => return None,
        () if words.has("sdr") && verbose => ("sensor-records", vec!["-v", "sdr", "elist", "all"]),
        () if words.has("sdr") => ("sensors", vec!["sdr", "elist", "all"]),
        () if words.has("sensor") && verbose => return None,
        () if words.has("sensor") || words.has("sensors") => ("thresholds", vec!["sensor"]),
        () if words.has("fru") => ("parts", vec!["fru", "print"]),
        () if words.has("selftest") => ("self-test", vec!["mc", "selftest"]),
        () if words.all(&["mc", "info"]) || words.all(&["bmc", "info"]) => {
            ("controller", vec!["mc", "info"])
        }
        () if words.has("chassis") => ("chassis", vec!["chassis", "status"]),
        () if words.has("dcmi") => ("power-draw", vec!["dcmi", "power", "reading"]),
        () => return None,
    };
    // The long form of a list has the sensor's number and entity.
    let rank = u8::from(words.has("elist")).saturating_add(u8::from(words.has("all")));
    let argv = std::iter::once("ipmitool").chain(argv).collect();
    document("bmc.ask", target.to_owned(), argv, rank)
}

fn gpu(words: &Words, name: &str) -> Option<Guess> {
    let (target, argv) = match () {
        () if words.all(&["nvlink", "s"]) => ("nvlink-status", vec!["nvidia-smi", "nvlink", "-s"]),
        () if words.all(&["nvlink", "e"]) => ("nvlink-errors", vec!["nvidia-smi", "nvlink", "-e"]),
        // Without -x it is text, which is another document.
        () if words.all(&["nvidia", "smi"]) && (words.has("x") || name.ends_with(".xml")) => {
            ("nvidia-smi", vec!["nvidia-smi", "-q", "-x"])
        }
        () if words.all(&["rocm", "smi"]) && words.has("json") => {
            ("rocm-smi", vec!["rocm-smi", "-a", "--json"])
        }
        () if words.all(&["amd", "smi", "static"]) => {
            ("amd-smi-static", vec!["amd-smi", "static", "--json"])
        }
        () if words.all(&["amd", "smi", "metric"]) => {
            ("amd-smi-metric", vec!["amd-smi", "metric", "--json"])
        }
        () => return None,
    };
    document("gpu.ask", target.to_owned(), argv, 0)
}

#[allow(
    clippy::unnecessary_wraps,
    reason = "the last expression of its callers"
)]
fn document(
    query: &'static str,
    target: String,
    argv: Vec<&'static str>,
    rank: u8,
) -> Option<Guess> {
    Some(Guess::Document {
        query,
        target,
        argv,
        rank,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(path: &str) -> Option<(&'static str, String)> {
        match guess(path)? {
            Guess::Document { query, target, .. } => Some((query, target)),
            Guess::KernelLog(_) => Some(("kernel-log", String::new())),
        }
    }

    #[test]
    fn files_are_known_by_their_commands() {
        for (path, query, target) in [
            (
                "sos_commands/ata/smartctl_-a_.dev.sda_-j",
                "smart.read",
                "sda",
            ),
            (
                "sos_commands/ata/smartctl_-a_.dev.sdab",
                "smart.read",
                "sdab",
            ),
            ("smartctl-x-nvme0n1.json", "smart.read", "nvme0n1"),
            ("smart/nvme2.txt", "smart.read", "nvme2n1"),
            ("smartctl --scan-open.txt", "smart.scan", ""),
            (
                "sos_commands/ipmitool/ipmitool_sel_elist",
                "bmc.ask",
                "event-log",
            ),
            (
                "sos_commands/ipmitool/ipmitool_-I_usb_sel_info",
                "bmc.ask",
                "event-log-info",
            ),
            ("ipmitool-sdr-elist-all.txt", "bmc.ask", "sensors"),
            ("ipmitool_-v_sdr_elist_all", "bmc.ask", "sensor-records"),
            ("ipmitool sensor.txt", "bmc.ask", "thresholds"),
            ("ipmitool_fru_print", "bmc.ask", "parts"),
            ("nvidia-smi-q-x.txt", "gpu.ask", "nvidia-smi"),
            (
                "sos_commands/nvidia/nvidia-smi_nvlink_-s",
                "gpu.ask",
                "nvlink-status",
            ),
            ("sos_commands/kernel/dmesg", "kernel-log", ""),
            ("dmesg.txt", "kernel-log", ""),
        ] {
            assert_eq!(place(path), Some((query, target.to_owned())), "{path}");
        }
        for unknown in [
            "etc/hostname",
            "sos_commands/nvidia/nvidia-smi_--list-gpus",
            "sos_commands/ata/smartctl_-l_scterc_.dev.sda",
            "smartctl-sdtrouble.txt",
        ] {
            assert_eq!(place(unknown), None, "{unknown}");
        }
    }
}
