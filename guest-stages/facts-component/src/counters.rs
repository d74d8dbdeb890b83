//! Counters of sysfs and procfs.

use vetting_facts::counters;
use vetting_facts::files::Files;

use crate::Facts;
use crate::bindings::exports::vetting::facts::counters::{
    Change, Count, Difference, File, Guest, Link,
};

impl Guest for Facts {
    fn globs() -> Vec<String> {
        counters::globs().into_iter().map(str::to_owned).collect()
    }

    fn read_counts(files: Vec<File>, links: Vec<Link>) -> Vec<Count> {
        let found = counters::read(&gathered(files, links)).counts();
        let flat = found.into_iter().map(|count| Count {
            part: count.part,
            name: count.name,
            value: count.value,
        });
        flat.collect()
    }

    fn differences(before: Vec<Count>, after: Vec<Count>) -> Vec<Difference> {
        let (before, after) = (counts(before), counts(after));
        let found = counters::difference(&before, &after).into_iter();
        let flat = found.map(|difference| Difference {
            part: difference.part,
            name: difference.name,
            change: match difference.change {
                counters::Change::By(grown) => Change::By(grown),
                counters::Change::Restarted => Change::Restarted,
                counters::Change::Appeared => Change::Appeared,
                counters::Change::Vanished => Change::Vanished,
            },
        });
        flat.collect()
    }
}

fn counts(flat: Vec<Count>) -> Vec<counters::Count> {
    let counts = flat.into_iter().map(|count| counters::Count {
        part: count.part,
        name: count.name,
        value: count.value,
    });
    counts.collect()
}

/// What was read, as the crate's parsers take it.
pub fn gathered(files: Vec<File>, links: Vec<Link>) -> Files {
    let mut gathered = Files::new();
    for file in files {
        gathered.add_file(&file.path, file.bytes);
    }
    for link in links {
        gathered.add_link(&link.path, &link.target);
    }
    gathered
}
