//! A bounded queue of numbered items on their way to the orchestrator.
//!
//! ```text
//! push ─► waiting (bounded: the oldest is dropped) ─► on its way (one batch, kept until answered)
//! ```
//!
//! A batch that was sent and not answered may have been stored: it is sent again as it is, and never
//! dropped. So what is counted as dropped was never sent, and the count is exact.

use std::collections::VecDeque;

/// How many items go in one call.
pub(super) const BATCH: usize = 500;

/// The queue.
pub(super) struct Queue<T> {
    on_its_way: Vec<T>,
    waiting: VecDeque<T>,
    next: u64,
    most: usize,
    dropped: u64,
    told: u64,
}

impl<T: Clone> Queue<T> {
    /// An empty one, in which so many may wait.
    pub fn new(most: usize) -> Self {
        Queue {
            on_its_way: Vec::new(),
            waiting: VecDeque::new(),
            next: 0,
            most: most.max(1),
            dropped: 0,
            told: 0,
        }
    }

    /// Adds an item, which is made with its number; where there is no place, the oldest goes.
    pub fn push(&mut self, make: impl FnOnce(u64) -> T) {
        if self.waiting.len() >= self.most {
            self.waiting.pop_front();
            self.dropped += 1;
        }
        self.waiting.push_back(make(self.next));
        self.next += 1;
    }

    /// The batch to send: the one that was not answered, else the oldest items. `None`: nothing
    /// waits.
    pub fn batch(&mut self) -> Option<Vec<T>> {
        if self.on_its_way.is_empty() {
            let count = self.waiting.len().min(BATCH);
            self.on_its_way.extend(self.waiting.drain(..count));
        }
        (!self.on_its_way.is_empty()).then(|| self.on_its_way.clone())
    }

    /// The batch was stored.
    pub fn stored(&mut self) {
        self.on_its_way.clear();
    }

    /// The batch will never be taken as it is: half of it may be, and a single item is dropped.
    pub fn refused(&mut self) {
        if self.on_its_way.len() <= 1 {
            self.dropped += self.on_its_way.len() as u64;
            self.on_its_way.clear();
            return;
        }
        let rest = self.on_its_way.split_off(self.on_its_way.len() / 2);
        for item in rest.into_iter().rev() {
            self.waiting.push_front(item);
        }
    }

    /// How many were dropped since this was last asked, and how many in all.
    pub fn tell_dropped(&mut self) -> Option<(u64, u64)> {
        let new = self.dropped - self.told;
        self.told = self.dropped;
        (new > 0).then_some((new, self.dropped))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(most: usize, count: u64) -> Queue<u64> {
        let mut queue = Queue::new(most);
        for _ in 0..count {
            queue.push(|seq| seq);
        }
        queue
    }

    #[test]
    fn a_full_queue_drops_the_oldest_and_counts_them() {
        let mut queue = filled(3, 5);
        assert_eq!(queue.batch(), Some(vec![2, 3, 4]));
        assert_eq!(queue.tell_dropped(), Some((2, 2)));
        assert_eq!(queue.tell_dropped(), None);
        queue.stored();
        assert_eq!(queue.batch(), None);
    }

    #[test]
    fn what_is_on_its_way_is_kept_until_it_is_answered() {
        let mut queue = filled(3, 3);
        assert_eq!(queue.batch(), Some(vec![0, 1, 2]));
        for _ in 0..5 {
            queue.push(|seq| seq);
        }
        // It may have been stored: the same batch goes again, and the gap is behind it.
        assert_eq!(queue.batch(), Some(vec![0, 1, 2]));
        queue.stored();
        assert_eq!(queue.batch(), Some(vec![5, 6, 7]));
        assert_eq!(queue.tell_dropped(), Some((2, 2)));
    }

    #[test]
    fn one_item_that_nobody_takes_costs_only_itself() {
        let mut queue = filled(100, 8);
        let mut stored = Vec::new();
        while let Some(batch) = queue.batch() {
            if batch.contains(&5) {
                queue.refused();
            } else {
                stored.extend(batch);
                queue.stored();
            }
        }
        assert_eq!(stored, [0, 1, 2, 3, 4, 6, 7]);
        assert_eq!(queue.tell_dropped(), Some((1, 1)));
    }
}
