//! Takes members out of JSON objects: what is read is taken, so that what stays was not understood.

use std::borrow::Cow;

use serde_json::{Map, Value};

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node<'a> {
    /// A member that was taken.
    Taken,
    /// null.
    Null,
    /// true or false.
    Boolean(bool),
    /// A number as it is written, of any length.
    Number(&'a str),
    /// A text.
    Text(Cow<'a, str>),
    /// A list.
    List(Vec<Node<'a>>),
    /// An object.
    Object(Members<'a>),
}

impl<'a> Node<'a> {
    pub fn is_taken(&self) -> bool {
        matches!(self, Node::Taken)
    }

    pub fn is_number(&self) -> bool {
        matches!(self, Node::Number(_))
    }

    pub fn is_boolean(&self) -> bool {
        matches!(self, Node::Boolean(_))
    }

    pub fn is_text(&self) -> bool {
        matches!(self, Node::Text(_))
    }

    pub fn as_text(&self) -> Option<&str> {
        match self {
            Node::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A number that is written as one.
    pub fn as_number<N: std::str::FromStr>(&self) -> Option<N> {
        match self {
            Node::Number(digits) => digits.parse().ok(),
            _ => None,
        }
    }

    /// The list's numbers, of which some may be null; `None` where it holds anything else.
    pub fn as_numbers(&self) -> Option<Vec<Option<i64>>> {
        let Node::List(list) = self else { return None };
        list.iter()
            .map(|node| match node {
                Node::Null => Some(None),
                node => node.as_number().map(Some),
            })
            .collect()
    }

    /// What is left of it.
    fn into_value(self) -> Value {
        match self {
            Node::Taken | Node::Null => Value::Null,
            Node::Boolean(is) => Value::Bool(is),
            Node::Number(digits) => match digits.parse::<u64>() {
                Ok(number) => number.into(),
                Err(_) => match digits.parse::<i64>() {
                    Ok(number) => number.into(),
                    Err(_) => decimal(digits),
                },
            },
            Node::Text(text) => Value::String(text.into_owned()),
            Node::List(list) => list.into_iter().map(Node::into_value).collect(),
            Node::Object(members) => Value::Object(members.into_map()),
        }
    }
}

/// A decimal fraction; as text where it does not fit 64 bits.
fn decimal(digits: &str) -> Value {
    let is_whole = digits.bytes().all(|byte| byte.is_ascii_digit());
    match digits.parse::<f64>() {
        Ok(number) if !is_whole && number.is_finite() => number.into(),
        _ => digits.into(),
    }
}

/// The members of an object that were not taken yet.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Members<'a> {
    entries: Vec<Entry<'a>>,
    left: usize,
    is_sorted: bool,
}

#[derive(Clone, Debug, PartialEq)]
struct Entry<'a> {
    rank: u64,
    key: Cow<'a, str>,
    node: Node<'a>,
}

/// From how many members on an object is sorted and searched by halves.
const SORTED_FROM: usize = 12;

/// A number by which two names almost always differ: smartctl's names differ at their ends.
fn rank(key: &str) -> u64 {
    let bytes = key.as_bytes();
    let end = match bytes.last_chunk::<8>() {
        Some(end) => u64::from_le_bytes(*end),
        None => bytes
            .iter()
            .fold(0, |rank, byte| (rank << 8) | u64::from(*byte)),
    };
    end ^ u64::try_from(bytes.len())
        .unwrap_or_default()
        .rotate_right(8)
}

impl<'a> Members<'a> {
    /// Adds a member.
    pub fn push(&mut self, key: Cow<'a, str>, node: Node<'a>) {
        let rank = rank(&key);
        self.entries.push(Entry { rank, key, node });
        self.left = self.left.saturating_add(1);
    }

    /// Ends an object. Of two members with one name the first is found.
    pub fn close(&mut self) {
        if self.entries.len() >= SORTED_FROM {
            self.entries.sort_by_key(|entry| entry.rank);
            self.is_sorted = true;
        }
    }

    fn place(&self, key: &str) -> Option<usize> {
        let rank = rank(key);
        let begin = if self.is_sorted {
            self.entries.partition_point(|entry| entry.rank < rank)
        } else {
            0
        };
        let candidates = self.entries.get(begin..)?.iter();
        let at = candidates
            .take_while(|entry| !self.is_sorted || entry.rank == rank)
            .position(|entry| entry.rank == rank && entry.key == key)?;
        begin.checked_add(at)
    }

    /// A member that was not taken.
    pub fn get(&self, key: &str) -> Option<&Node<'a>> {
        let node = &self.entries.get(self.place(key)?)?.node;
        (!node.is_taken()).then_some(node)
    }

    fn get_mut(&mut self, key: &str) -> Option<&mut Node<'a>> {
        let at = self.place(key)?;
        let node = &mut self.entries.get_mut(at)?.node;
        (!node.is_taken()).then_some(node)
    }

    /// Takes a member that satisfies `read`.
    fn take<T>(&mut self, key: &str, read: impl FnOnce(&Node<'a>) -> Option<T>) -> Option<T> {
        let node = self.get_mut(key)?;
        let found = read(node)?;
        *node = Node::Taken;
        self.left = self.left.saturating_sub(1);
        Some(found)
    }

    /// Takes a member, whatever it is.
    pub fn remove(&mut self, key: &str) {
        self.take(key, |_| Some(()));
    }

    /// Takes all members that do not satisfy `keep`.
    pub fn retain(&mut self, keep: impl Fn(&str, &Node<'a>) -> bool) {
        for Entry { key, node, .. } in &mut self.entries {
            if !node.is_taken() && !keep(key, node) {
                *node = Node::Taken;
                self.left = self.left.saturating_sub(1);
            }
        }
    }

    /// Whether all members were taken.
    pub fn is_empty(&self) -> bool {
        self.left == 0
    }

    /// All members that were not taken.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Node<'a>)> {
        let left = self.entries.iter().filter(|entry| !entry.node.is_taken());
        left.map(|entry| (entry.key.as_ref(), &entry.node))
    }

    /// The names of all members that were not taken.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|(key, _)| key)
    }

    /// What was not taken.
    pub fn into_map(self) -> Map<String, Value> {
        self.entries
            .into_iter()
            .filter(|entry| !entry.node.is_taken())
            .map(|entry| (entry.key.into_owned(), entry.node.into_value()))
            .collect()
    }
}

/// Takes a whole number that fits `N`.
pub(super) fn number<N: std::str::FromStr>(members: &mut Members, key: &str) -> Option<N> {
    members.take(key, Node::as_number)
}

/// Takes a whole number that may be negative.
pub(super) fn signed(members: &mut Members, key: &str) -> Option<i64> {
    members.take(key, Node::as_number)
}

/// Takes a number of up to 128 bits. smartctl also prints its text (`KEY_s`) and bytes (`KEY_le`) where it
/// has more than 53 bits. What has more than 64 bits stays, and `u64::MAX` stands for it.
pub(super) fn wide(members: &mut Members, key: &str) -> Option<u64> {
    let digits = match members.get(key)? {
        Node::Number(digits) => digits,
        Node::Text(text) => text.as_ref(),
        _ => return None,
    };
    let wide: u128 = digits.parse().ok()?;
    let Ok(found) = u64::try_from(wide) else {
        return Some(u64::MAX);
    };
    members.remove(key);
    members.retain(|other, _| !matches!(other.strip_prefix(key), Some("_s" | "_le")));
    Some(found)
}

/// Takes a truth value.
pub(super) fn boolean(members: &mut Members, key: &str) -> Option<bool> {
    members.take(key, |node| match node {
        Node::Boolean(is) => Some(*is),
        _ => None,
    })
}

/// Takes a text, without white space around it; an empty one is absent.
pub(super) fn text(members: &mut Members, key: &str) -> Option<String> {
    let found = members.take(key, |node| {
        node.as_text().map(|text| text.trim().to_owned())
    })?;
    (!found.is_empty()).then_some(found)
}

/// Reads an object that is a member, and takes it where nothing is left of it.
pub(super) fn within<'a, T>(
    members: &mut Members<'a>,
    key: &str,
    read: impl FnOnce(&mut Members<'a>) -> T,
) -> Option<T> {
    let Node::Object(inner) = members.get_mut(key)? else {
        return None;
    };
    let found = read(inner);
    if inner.is_empty() {
        members.remove(key);
    }
    Some(found)
}

/// Reads the objects of a list. A row of which nothing is left becomes null, so that the others keep their
/// places; the list is taken where no row is left. `read` must not take anything from a row that it refuses.
pub(super) fn rows<'a, T>(
    members: &mut Members<'a>,
    key: &str,
    mut read: impl FnMut(&mut Members<'a>) -> Option<T>,
) -> Option<Vec<T>> {
    let Node::List(list) = members.get_mut(key)? else {
        return None;
    };
    let mut found = Vec::with_capacity(list.len());
    let mut is_read = true;
    for row in list.iter_mut() {
        if let Node::Object(fields) = row
            && let Some(fact) = read(fields)
        {
            found.push(fact);
            if fields.is_empty() {
                *row = Node::Null;
            }
        }
        is_read &= *row == Node::Null;
    }
    if is_read {
        members.remove(key);
    }
    Some(found)
}

/// Takes a list of numbers, of which some may be null. A list that holds anything else is absent.
pub(super) fn numbers(members: &mut Members, key: &str) -> Option<Vec<Option<i64>>> {
    members.take(key, Node::as_numbers)
}

/// Takes a list of texts. A list that holds anything else is absent.
pub(super) fn texts(members: &mut Members, key: &str) -> Option<Vec<String>> {
    members.take(key, |node| match node {
        Node::List(list) => list
            .iter()
            .map(|text| text.as_text().map(str::to_owned))
            .collect(),
        _ => None,
    })
}

/// Takes a member that repeats what another says.
pub(super) fn drop_if<'a>(
    members: &mut Members<'a>,
    key: &str,
    repeats: impl FnOnce(&Node<'a>) -> bool,
) {
    members.take(key, |node| repeats(node).then_some(()));
}
