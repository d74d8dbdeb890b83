//! What of the kernel's log must not leave the machine: its command line, which may hold a boot token.

/// What stands in the command line's place.
pub const LEFT_OUT: &str = "(the kernel's command line is left out)";

/// The text without a command line. The kernel prints it as `Command line:`, `Kernel command line:`, and
/// parts of it as `Unknown kernel command line parameters "…"`; a program may print a parameter of ours.
pub fn without_command_line(text: String) -> String {
    let words = "command line";
    let bytes = text.as_bytes();
    let mut places = bytes.windows(words.len());
    let printed = places.position(|place| place.eq_ignore_ascii_case(words.as_bytes()));
    if let Some(at) = printed {
        let kept = text
            .get(..at.saturating_add(words.len()))
            .unwrap_or_default();
        return format!("{kept}: {LEFT_OUT}");
    }
    match text.find("vetting.") {
        Some(at) if text.get(at..).is_some_and(|rest| rest.contains('=')) => {
            let kept = text.get(..at).unwrap_or_default();
            format!("{kept}{LEFT_OUT}")
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_form_of_the_command_line_keeps_a_token() {
        for line in [
            "Command line: BOOT_IMAGE=/vmlinuz vetting.token=hunter2",
            "Kernel command line: quiet vetting.token=hunter2",
            "Unknown kernel command line parameters \"vetting.token=hunter2\", will be passed to user space.",
            "systemd[1]: unknown option vetting.token=hunter2",
            "kexec_core: COMMAND LINE is vetting.token=hunter2",
        ] {
            let kept = without_command_line(line.to_owned());
            assert!(!kept.contains("hunter2"), "{kept}");
            assert!(kept.contains(LEFT_OUT), "{kept}");
        }
    }

    #[test]
    fn other_lines_stay_as_they_are() {
        for line in [
            "",
            "mce: CPU0: Thermal monitoring enabled",
            "vetting-agent started",
        ] {
            assert_eq!(without_command_line(line.to_owned()), line);
        }
    }
}
