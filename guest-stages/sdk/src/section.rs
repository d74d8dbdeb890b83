//! Texts that travel in custom sections of the module, from where the build tool takes them into the
//! manifest.

/// Leaves texts, one after the other, in a custom section of that name.
#[doc(hidden)]
#[macro_export]
macro_rules! __section {
    ($name:tt, $texts:expr) => {
        #[cfg(target_family = "wasm")]
        const _: () = {
            const TEXTS: &[&str] = $texts;
            #[used]
            #[unsafe(link_section = $name)]
            static SECTION: [u8; $crate::__length(TEXTS)] = $crate::__joined(TEXTS);
        };
    };
}

/// How many bytes texts have together.
#[doc(hidden)]
pub const fn __length(texts: &[&str]) -> usize {
    let (mut length, mut text) = (0, 0);
    while text < texts.len() {
        length += texts[text].len();
        text += 1;
    }
    length
}

/// The bytes of texts, one after the other.
#[doc(hidden)]
pub const fn __joined<const LENGTH: usize>(texts: &[&str]) -> [u8; LENGTH] {
    let mut joined = [0; LENGTH];
    let (mut at, mut text) = (0, 0);
    while text < texts.len() {
        let bytes = texts[text].as_bytes();
        let mut byte = 0;
        while byte < bytes.len() {
            joined[at] = bytes[byte];
            at += 1;
            byte += 1;
        }
        text += 1;
    }
    joined
}

/// Whether two texts are the same, as a constant.
#[doc(hidden)]
pub const fn __same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut same = a.len() == b.len();
    let mut byte = 0;
    while same && byte < a.len() {
        same = a[byte] == b[byte];
        byte += 1;
    }
    same
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_joined_and_compared_as_constants() {
        const TEXTS: &[&str] = &["one", "", "°2"];
        const JOINED: [u8; __length(TEXTS)] = __joined(TEXTS);
        assert_eq!(&JOINED, "one°2".as_bytes());
        const { assert!(__same("a-b", "a-b")) };
        const { assert!(!__same("a-b", "a-c") && !__same("a", "a-")) };
    }
}
