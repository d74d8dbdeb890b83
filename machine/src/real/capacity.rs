//! What a stage may load: the logical CPUs that a tool may run on, and the memory that is free.

use std::collections::BTreeSet;

use super::root::Root;

/// Where the kernel shows its CPUs.
const FOLDER: &str = "sys/devices/system/cpu";

/// The most logical CPUs that a list may name; Linux allows 8,192 (`NR_CPUS_RANGE_END`).
const MOST: u32 = 65_536;

/// The logical CPUs that are online, in order.
fn online(root: &Root) -> Vec<u32> {
    let listed = root.value(&format!("{FOLDER}/online"));
    let listed = listed.map(|text| ranges(&text)).unwrap_or_default();
    if !listed.is_empty() {
        return listed;
    }
    let names = root.list(FOLDER);
    let number = |name: &String| name.strip_prefix("cpu")?.parse::<u32>().ok();
    let is_on =
        |cpu: &u32| root.value(&format!("{FOLDER}/cpu{cpu}/online")).as_deref() != Some("0");
    let folders: Vec<u32> = names.iter().filter_map(number).filter(is_on).collect();
    if !folders.is_empty() {
        return folders;
    }
    listed_by_cpuinfo(&root.value("proc/cpuinfo").unwrap_or_default())
}

/// The logical CPUs that a tool may run on, in order: those online, less what a cpuset or an affinity
/// mask of this process forbids. Of another root's machine only its own files are known.
pub fn usable(root: &Root) -> Vec<u32> {
    let online = online(root);
    if !root.is_here() {
        return online;
    }
    let status = root.value("proc/self/status").unwrap_or_default();
    let mut lines = status.lines();
    let allowed = lines.find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    let allowed = allowed.map(ranges).unwrap_or_default();
    let usable: Vec<u32> = online
        .iter()
        .copied()
        .filter(|cpu| allowed.contains(cpu))
        .collect();
    // A list that names none of them was not understood.
    if usable.is_empty() { online } else { usable }
}

/// The kernel's way to write lists: `0-3,8,10-11`.
pub fn ranges(text: &str) -> Vec<u32> {
    let mut numbers = BTreeSet::new();
    for part in text.trim().split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        if let (Ok(first), Ok(last)) = (first.trim().parse::<u32>(), last.trim().parse::<u32>()) {
            numbers.extend(first..=last.min(MOST));
        }
    }
    numbers.into_iter().collect()
}

/// The processors of `proc/cpuinfo`, for a tree without sysfs.
pub fn listed_by_cpuinfo(text: &str) -> Vec<u32> {
    let pairs = text.lines().filter_map(|line| line.split_once(':'));
    let numbers = pairs.filter(|(name, _)| name.trim() == "processor");
    let numbers = numbers.filter_map(|(_, value)| value.trim().parse().ok());
    numbers.filter(|number| *number < MOST).collect()
}

/// Bytes of memory that are free (`MemAvailable`); 0 where the kernel does not say.
pub fn free_bytes(root: &Root) -> u64 {
    let text = root.value("proc/meminfo").unwrap_or_default();
    let field = |name: &str| meminfo(&text, name);
    let available = field("MemAvailable").or_else(|| field("MemFree"));
    available.unwrap_or(0)
}

/// One field of `proc/meminfo` in bytes: `MemTotal:  16384 kB`.
pub fn meminfo(text: &str, name: &str) -> Option<u64> {
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = lines.find(|(field, _)| field.trim() == name)?;
    let kib: u64 = value.split_whitespace().next()?.parse().ok()?;
    kib.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lists_of_cpus_are_read() {
        assert_eq!(ranges("0-3,8,10-11\n"), [0, 1, 2, 3, 8, 10, 11]);
        assert_eq!(ranges(""), [0; 0]);
        assert_eq!(ranges("3-1,x"), [0; 0]);
    }

    #[test]
    fn fields_of_meminfo_are_bytes() {
        let text = "MemTotal:       16384 kB\nMemFree: 1 kB\nMemAvailable: 12 kB\n";
        assert_eq!(meminfo(text, "MemTotal"), Some(16384 * 1024));
        assert_eq!(meminfo(text, "MemAvailable"), Some(12 * 1024));
        assert_eq!(meminfo(text, "Nothing"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_taken(text in "(processor|MemTotal|model name|[0-9a-z\n\t :,-])*") {
            listed_by_cpuinfo(&text);
            let _any = meminfo(&text, "MemTotal");
            prop_assert!(ranges(&text).len() <= MOST as usize + 2);
        }
    }
}
