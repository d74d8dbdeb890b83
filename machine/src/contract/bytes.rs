//! Bytes of a document. Encodings that people read hold them as text where they are UTF-8, and else as
//! base64 after the word `base64:`; any other encoding holds a list of bytes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

const BASE64: &str = "base64:";

pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    if !serializer.is_human_readable() {
        return bytes.serialize(serializer);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.starts_with(BASE64) => serializer.serialize_str(text),
        _ => serializer.serialize_str(&to_base64(bytes)),
    }
}

/// The bytes that a text stands for, where it is base64.
pub(crate) fn of_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text.strip_prefix(BASE64)?).ok()
}

/// The text that stands for bytes which are not text.
pub(crate) fn to_base64(bytes: &[u8]) -> String {
    format!("{BASE64}{}", STANDARD.encode(bytes))
}

pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    if !deserializer.is_human_readable() {
        return Vec::deserialize(deserializer);
    }
    let text = String::deserialize(deserializer)?;
    match text.strip_prefix(BASE64) {
        Some(encoded) => STANDARD.decode(encoded).map_err(D::Error::custom),
        None => Ok(text.into_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Holder(#[serde(with = "super")] Vec<u8>);

    #[test]
    fn any_bytes_are_read_back_as_they_were() {
        let samples: [&[u8]; 5] = [
            b"",
            b"{\"a\": 1}\n",
            b"\xff\0",
            b"base64:AAAA",
            b"\xc3\xa9\r",
        ];
        for bytes in samples {
            let holder = Holder(bytes.to_vec());
            let json = serde_json::to_string(&holder).expect("JSON");
            let read: Holder = serde_json::from_str(&json).expect("what was written");
            assert_eq!(read, holder);
            let packed = postcard::to_stdvec(&holder).expect("bytes");
            assert_eq!(packed, postcard::to_stdvec(&bytes.to_vec()).expect("bytes"));
            let read: Holder = postcard::from_bytes(&packed).expect("what was written");
            assert_eq!(read, holder);
        }
        assert!(serde_json::from_str::<Holder>("\"base64:!\"").is_err());
    }
}
