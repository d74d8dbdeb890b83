//! Natural order: `cpu2` before `cpu10`.

use std::cmp::Ordering;

/// The order in which a person would list names: `temp2` before `temp10`.
pub fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    loop {
        let (l, r) = match (split(left), split(right)) {
            (None, None) => return a.cmp(b),
            (None, _) => return Ordering::Less,
            (_, None) => return Ordering::Greater,
            (Some(l), Some(r)) => (l, r),
        };
        let order = match (l.0.parse::<u128>(), r.0.parse::<u128>()) {
            (Ok(x), Ok(y)) => x.cmp(&y),
            _ => l.0.cmp(r.0),
        };
        if order != Ordering::Equal {
            return order;
        }
        (left, right) = (l.1, r.1);
    }
}

/// Splits off a name's first run of digits or of other characters.
fn split(text: &str) -> Option<(&str, &str)> {
    let digit = text.chars().next()?.is_ascii_digit();
    let end = text.find(|c: char| c.is_ascii_digit() != digit);
    Some(text.split_at(end.unwrap_or(text.len())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn natural_order_is_an_order(a in "[a-c0-9]{0,6}", b in "[a-c0-9]{0,6}", c in "[a-c0-9]{0,6}") {
            prop_assert_eq!(natural(&a, &b), natural(&b, &a).reverse());
            if natural(&a, &b).is_le() && natural(&b, &c).is_le() {
                prop_assert!(natural(&a, &c).is_le());
            }
        }
    }

    #[test]
    fn two_comes_before_ten() {
        assert_eq!(natural("temp2", "temp10"), Ordering::Less);
        assert_eq!(natural("sda", "sda1"), Ordering::Less);
    }
}
