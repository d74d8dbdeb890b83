//! Which found parts the entries of a spec take, where an entry may match several: as many entries as can be
//! have one (Kuhn's augmenting paths).

/// For each entry the found part that it takes; `None`: there is none left for it.
pub fn assign(
    entries: usize,
    found: usize,
    matches: impl Fn(usize, usize) -> bool,
) -> Vec<Option<usize>> {
    let mut taken_by: Vec<Option<usize>> = vec![None; found];
    for entry in 0..entries {
        let mut tried = vec![false; found];
        augment(entry, &matches, &mut taken_by, &mut tried);
    }
    let mut takes = vec![None; entries];
    for (part, entry) in taken_by.into_iter().enumerate() {
        if let Some(place) = entry.and_then(|entry| takes.get_mut(entry)) {
            *place = Some(part);
        }
    }
    takes
}

/// Finds a part for an entry, where others may move to another part for it.
fn augment(
    entry: usize,
    matches: &impl Fn(usize, usize) -> bool,
    taken_by: &mut [Option<usize>],
    tried: &mut [bool],
) -> bool {
    for part in 0..taken_by.len() {
        let Some(seen) = tried.get_mut(part).filter(|seen| !**seen) else {
            continue;
        };
        if !matches(entry, part) {
            continue;
        }
        *seen = true;
        let holder = taken_by.get(part).copied().flatten();
        let is_free = match holder {
            None => true,
            Some(holder) => augment(holder, matches, taken_by, tried),
        };
        if let (true, Some(place)) = (is_free, taken_by.get_mut(part)) {
            *place = Some(entry);
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_that_matches_anything_leaves_the_only_part_of_another() {
        let sizes = [7.68, 3.84];
        let wanted = [3.8, 7.6];
        let taken = assign(2, 2, |entry, part| sizes[part] >= wanted[entry]);
        assert_eq!(taken, [Some(1), Some(0)]);
        assert_eq!(assign(2, 1, |_, _| true), [Some(0), None]);
        assert_eq!(assign(0, 2, |_, _| true), []);
    }
}
