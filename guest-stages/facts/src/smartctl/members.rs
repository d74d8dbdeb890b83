//! Takes members out of JSON objects: what is read is removed, so that what stays was not understood.

use serde_json::{Map, Value};

/// The members of an object that were not read yet.
pub(super) type Members = Map<String, Value>;

/// Removes a whole number that fits `N`.
pub(super) fn number<N: TryFrom<u64>>(members: &mut Members, key: &str) -> Option<N> {
    let found = N::try_from(members.get(key)?.as_u64()?).ok()?;
    members.remove(key);
    Some(found)
}

/// Removes a whole number that may be negative.
pub(super) fn signed(members: &mut Members, key: &str) -> Option<i64> {
    let found = members.get(key)?.as_i64()?;
    members.remove(key);
    Some(found)
}

/// Removes a number of up to 128 bits and its exact text (`KEY_s`) and bytes (`KEY_le`), which smartctl
/// prints where a number has more than 53 bits. What does not fit stays as text, and `u64::MAX` stands for
/// it.
pub(super) fn wide(members: &mut Members, key: &str) -> Option<u64> {
    let exact = format!("{key}_s");
    let found = match members.get(key)? {
        Value::Number(number) => match number.as_u64() {
            Some(found) => found,
            None => {
                let text = members.get(&exact).and_then(Value::as_str);
                let fits = text.and_then(|text| text.parse::<u128>().ok());
                let known = fits.is_some() || number.as_f64().is_some_and(|n| n >= 1.8e19);
                if known {
                    return Some(fits.and_then(|n| u64::try_from(n).ok()).unwrap_or(u64::MAX));
                }
                return None;
            }
        },
        Value::String(text) => match text.parse::<u128>().ok()? {
            wide if wide > u128::from(u64::MAX) => return Some(u64::MAX),
            fits => u64::try_from(fits).ok()?,
        },
        _ => return None,
    };
    members.remove(key);
    members.remove(&exact);
    members.remove(&format!("{key}_le"));
    Some(found)
}

/// Removes a truth value.
pub(super) fn boolean(members: &mut Members, key: &str) -> Option<bool> {
    let found = members.get(key)?.as_bool()?;
    members.remove(key);
    Some(found)
}

/// Removes a text, without white space around it; an empty one is absent.
pub(super) fn text(members: &mut Members, key: &str) -> Option<String> {
    if !members.get(key)?.is_string() {
        return None;
    }
    let Some(Value::String(found)) = members.remove(key) else {
        return None;
    };
    let trimmed = found.trim();
    match trimmed.len() {
        0 => None,
        same if same == found.len() => Some(found),
        _ => Some(trimmed.to_owned()),
    }
}

/// Reads an object that is a member, and removes it where nothing is left of it.
pub(super) fn within<T>(
    members: &mut Members,
    key: &str,
    read: impl FnOnce(&mut Members) -> T,
) -> Option<T> {
    let Value::Object(inner) = members.get_mut(key)? else {
        return None;
    };
    let found = read(inner);
    if inner.is_empty() {
        members.remove(key);
    }
    Some(found)
}

/// Reads the objects of a list. A row of which nothing is left becomes null, so that the others keep their
/// places; the list is removed where no row is left. `read` must not take anything from a row that it
/// refuses.
pub(super) fn rows<T>(
    members: &mut Members,
    key: &str,
    mut read: impl FnMut(&mut Members) -> Option<T>,
) -> Option<Vec<T>> {
    let Value::Array(list) = members.get_mut(key)? else {
        return None;
    };
    let mut found = Vec::with_capacity(list.len());
    let mut is_read = true;
    for row in list.iter_mut() {
        if let Value::Object(fields) = row
            && let Some(fact) = read(fields)
        {
            found.push(fact);
            if fields.is_empty() {
                *row = Value::Null;
            }
        }
        is_read &= row.is_null();
    }
    if is_read {
        members.remove(key);
    }
    Some(found)
}

/// Removes a list of numbers. A list that holds anything else stays, and is absent.
pub(super) fn numbers(members: &mut Members, key: &str) -> Option<Vec<i64>> {
    let list = members.get(key)?.as_array()?;
    let found: Option<Vec<i64>> = list.iter().map(Value::as_i64).collect();
    found.as_ref()?;
    members.remove(key);
    found
}

/// Removes a list of texts. A list that holds anything else stays, and is absent.
pub(super) fn texts(members: &mut Members, key: &str) -> Option<Vec<String>> {
    let list = members.get(key)?.as_array()?;
    let found: Option<Vec<String>> = list
        .iter()
        .map(|text| text.as_str().map(str::to_owned))
        .collect();
    found.as_ref()?;
    members.remove(key);
    found
}

/// Removes a member that repeats what another says.
pub(super) fn drop_if(members: &mut Members, key: &str, repeats: impl FnOnce(&Value) -> bool) {
    if members.get(key).is_some_and(repeats) {
        members.remove(key);
    }
}

/// The names of all members.
pub(super) fn keys(members: &Members) -> Vec<String> {
    members.keys().cloned().collect()
}
