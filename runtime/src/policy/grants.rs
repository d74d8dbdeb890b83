//! What a stage gets: what its manifest asks for, less what the orchestrator or the policy withholds.

use std::collections::BTreeMap;

use vetting_component::{Manifest, needs_asking};

use super::Policy;

/// The interfaces that a stage asks for and does not get, each with the reason that it is told.
pub type Withheld = BTreeMap<String, String>;

impl Policy {
    /// What a stage does not get of what it asks for. `granted` is what its orchestrator grants;
    /// `None`: all of it.
    pub fn withheld(&self, manifest: &Manifest, granted: Option<&[String]>) -> Withheld {
        let asked = manifest.interfaces.keys().filter(|i| needs_asking(i));
        let withheld = asked.filter_map(|interface| {
            let orchestrator = granted.is_some_and(|granted| !granted.contains(interface));
            let policy = self.withholds(&manifest.name, interface);
            let by_whom = match (orchestrator, policy) {
                (false, None) => return None,
                (true, None) => "was not granted to this stage by the orchestrator".to_owned(),
                (false, Some(path)) => format!("is withheld by the policy file {path}"),
                (true, Some(path)) => format!(
                    "was not granted to this stage by the orchestrator, and is withheld by the \
                     policy file {path}"
                ),
            };
            let reason = format!("the interface `{interface}` {by_whom}");
            Some((interface.clone(), reason))
        });
        withheld.collect()
    }

    /// The policy's file, where it withholds an interface from a stage.
    fn withholds(&self, stage: &str, interface: &str) -> Option<String> {
        let Policy::File { path, rules } = self else {
            return None;
        };
        let own = rules.stages.get(stage).and_then(|s| s.interfaces.as_ref());
        let may = own.or(rules.interfaces.as_ref());
        let denied = rules.deny.contains(interface);
        let withheld = denied || may.is_some_and(|may| !may.contains(interface));
        withheld.then(|| path.display().to_string())
    }
}
