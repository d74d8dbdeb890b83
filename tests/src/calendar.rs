//! The calendar of a process, which a test may set.

use std::path::{Path, PathBuf};
use std::process::Command;

/// What time a process believes that it is: libfaketime's offset in a file, which is read again whenever
/// the calendar is asked. The monotonic clock stays as it is, as it does when a real clock is set.
pub struct Calendar {
    file: PathBuf,
    library: String,
}

impl Calendar {
    /// A calendar that is right, kept in a folder.
    pub fn new(folder: &Path) -> Self {
        // `faketime` knows where its library is.
        let output = Command::new("faketime")
            .args(["-m", "-f", "+0", "printenv", "LD_PRELOAD"])
            .output()
            .expect("faketime starts: it is Debian's package faketime");
        let library = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        assert!(library.contains("libfaketime"), "{output:?}");
        let calendar = Calendar {
            file: folder.join("calendar"),
            library,
        };
        calendar.step(0);
        calendar
    }

    /// Sets the calendar so many seconds off the right time.
    pub fn step(&self, seconds: i64) {
        let new = self.file.with_extension("new");
        std::fs::write(&new, format!("{seconds:+}\n")).expect("the calendar is written");
        // A reader finds either offset, never half of one.
        std::fs::rename(&new, &self.file).expect("the calendar is in place");
    }

    /// The environment of a process that has this calendar.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("LD_PRELOAD", self.library.clone()),
            ("FAKETIME_TIMESTAMP_FILE", self.file.display().to_string()),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("NO_FAKE_STAT", "1".to_owned()),
        ]
    }
}
