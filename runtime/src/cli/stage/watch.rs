//! Waiting until an author has changed something.

use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// An editor writes several files at once: a change is over when nothing more comes for this long.
const QUIET: Duration = Duration::from_millis(150);
/// What building and testing write themselves.
const OWN: [&str; 6] = [
    "target",
    ".venv",
    ".git",
    "bindings",
    "snapshots",
    "__pycache__",
];

/// The changes of a project's files.
pub(super) struct Changes {
    changed: UnboundedReceiver<()>,
    // It watches as long as it is there.
    _watcher: RecommendedWatcher,
}

impl Changes {
    /// Those of a project in a folder.
    pub fn of(project: &Path) -> anyhow::Result<Self> {
        let folder = project
            .canonicalize()
            .with_context(|| project.display().to_string())?;
        let (send, changed) = unbounded_channel();
        let below = folder.clone();
        let told = move |event: notify::Result<Event>| {
            let theirs = |event: &Event| {
                let written = event.kind.is_modify() || event.kind.is_create();
                (written || event.kind.is_remove())
                    && event.paths.iter().any(|path| is_source(&below, path))
            };
            // What cannot be told is taken for a change.
            if event.as_ref().map_or(true, theirs) {
                let _nobody_waits = send.send(());
            }
        };
        let mut watcher = notify::recommended_watcher(told).context("files cannot be watched")?;
        for place in places(&folder)? {
            let mode = if place == folder {
                RecursiveMode::NonRecursive
            } else {
                RecursiveMode::Recursive
            };
            watcher
                .watch(&place, mode)
                .with_context(|| format!("{} cannot be watched", place.display()))?;
        }
        Ok(Changes {
            changed,
            _watcher: watcher,
        })
    }

    /// Waits for the next change, until it is over.
    pub async fn next(&mut self) {
        if self.changed.recv().await.is_none() {
            return std::future::pending().await;
        }
        while let Ok(Some(())) = tokio::time::timeout(QUIET, self.changed.recv()).await {}
    }
}

/// The project's folder, and whole the folders in it that hold what the author wrote.
fn places(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut places = vec![folder.to_owned()];
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() && is_source(folder, &path) {
            places.push(path);
        }
    }
    Ok(places)
}

/// Whether a person wrote it, or building and testing did.
fn is_source(project: &Path, path: &Path) -> bool {
    let inside = path.strip_prefix(project).unwrap_or(path);
    let own = |part: Component<'_>| {
        let part = part.as_os_str().to_string_lossy();
        OWN.contains(&part.as_ref()) || part.starts_with(".tmp") || part.ends_with(".wasm")
    };
    !inside.components().any(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_build_writes_is_no_change() {
        let project = Path::new("/p");
        let is = |path: &str| is_source(project, Path::new(path));
        assert!(is("/p/src/judge.rs") && is("/p/stage.toml") && is("/p/scenarios/dead-fan.toml"));
        assert!(!is("/p/target/stage/x") && !is("/p/fan-check.wasm") && !is("/p/.tmpX1"));
        assert!(!is("/p/scenarios/snapshots/dead-fan.json") && !is("/p/bindings/x.py"));
    }
}
