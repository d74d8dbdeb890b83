//! Signatures: what is accepted, and every way in which one is refused. The signed bytes are no
//! component at all, so that whatever is said here is said before anything is parsed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minisign::KeyPair;
use proptest::prelude::*;
use vetting_component::digest;
use vetting_component::signature::{Binding, KeyId, MAX_BYTES, PublicKey, SignatureError, verify};
use vetting_component::{Manifest, Version};

const POISON: &[u8] = b"\0asm this is nothing that a parser should see";

/// A key pair, as ours.
struct Key {
    pair: KeyPair,
    public: PublicKey,
}

impl Key {
    fn new() -> Self {
        let pair = KeyPair::generate_unencrypted_keypair().expect("a key");
        let public = PublicKey::parse(&pair.pk.to_base64()).expect("a public key");
        Key { pair, public }
    }

    fn id(&self) -> KeyId {
        self.public.id()
    }

    fn sign_as(&self, bytes: &[u8], comment: &str) -> String {
        let signed = minisign::sign(None, &self.pair.sk, bytes, Some(comment), Some("a test"));
        signed.expect("signed").into_string()
    }

    fn sign(&self, bytes: &[u8]) -> String {
        self.sign_as(bytes, &comment(bytes))
    }
}

fn comment(bytes: &[u8]) -> String {
    format!(
        "vetting-stage name=Storage version=1.2.0 sha256={}",
        digest(bytes)
    )
}

/// A signature with one of its lines changed.
fn edited(signature: &str, number: usize, edit: impl Fn(&str) -> String) -> String {
    let lines = signature.lines().enumerate();
    lines
        .map(|(index, line)| match index == number {
            true => edit(line) + "\n",
            false => format!("{line}\n"),
        })
        .collect()
}

/// A line of base 64 with its bytes changed.
fn bytes_changed(line: &str, change: impl Fn(&mut Vec<u8>)) -> String {
    let mut bytes = STANDARD.decode(line).expect("base 64");
    change(&mut bytes);
    STANDARD.encode(bytes)
}

fn refused(signature: &str, key: &Key) -> SignatureError {
    verify(
        POISON,
        signature.as_bytes(),
        std::slice::from_ref(&key.public),
        Some("Storage"),
    )
    .expect_err("refused")
}

#[test]
fn each_refusal_says_what_to_do() {
    let (key, other) = (Key::new(), Key::new());
    let good = key.sign(POISON);
    let as_signed = |comment: &str| key.sign_as(POISON, comment);
    let own = comment(POISON);
    let cut = good.lines().take(3).collect::<Vec<_>>().join("\n");
    let cases = [
        ("wrong key", other.sign(POISON)),
        ("of another file", key.sign(b"another file")),
        (
            "of another file, its comment edited",
            edited(&key.sign(b"another file"), 2, |_| {
                format!("trusted comment: {own}")
            }),
        ),
        (
            "edited version",
            edited(&good, 2, |line| line.replace("1.2.0", "1.3.0")),
        ),
        (
            "edited name",
            edited(&good, 2, |line| line.replace("Storage", "Memory")),
        ),
        (
            "edited out of its form",
            edited(&good, 2, |_| "trusted comment: x".to_owned()),
        ),
        (
            "renamed stage",
            as_signed(&own.replace("Storage", "Memory")),
        ),
        (
            "a comment of minisign's own",
            as_signed("timestamp:1 file:Storage.wasm"),
        ),
        ("no version", as_signed(&own.replace("version=1.2.0 ", ""))),
        ("two names", as_signed(&format!("{own} name=Storage"))),
        ("an unknown word", as_signed(&format!("{own} until=2030"))),
        (
            "another digest",
            as_signed(&own.replace(&digest(POISON), &digest(b"x"))),
        ),
        ("truncated", cut),
        (
            "a short signature",
            edited(&good, 1, |line| {
                bytes_changed(line, |bytes| bytes.truncate(40))
            }),
        ),
        (
            "a short global signature",
            edited(&good, 3, |line| {
                bytes_changed(line, |bytes| bytes.truncate(3))
            }),
        ),
        (
            "a flipped bit",
            edited(&good, 1, |line| bytes_changed(line, |bytes| bytes[20] ^= 1)),
        ),
        (
            "a flipped bit in the global signature",
            edited(&good, 3, |line| bytes_changed(line, |bytes| bytes[20] ^= 1)),
        ),
        (
            "legacy",
            edited(&good, 1, |line| {
                bytes_changed(line, |bytes| bytes[1] = b'd')
            }),
        ),
        ("empty", String::new()),
        ("garbage", "certainly\nno\nsignature\nat all".to_owned()),
        ("more lines", format!("{good}and more\n")),
        ("10 MB", format!("{good}{}", "x".repeat(10_000_000))),
    ];
    let mut told = String::new();
    for (case, signature) in cases {
        let error = refused(&signature, &key).to_string();
        told += &format!("{case}: {error}\n");
    }
    let told = told
        .replace(&key.id().to_string(), "KEY")
        .replace(&other.id().to_string(), "OTHER")
        .replace(&digest(POISON), "DIGEST")
        .replace(&digest(b"another file"), "ANOTHER")
        .replace(&digest(b"x"), "X");
    insta::assert_snapshot!(told);
}

#[test]
fn a_good_one_says_what_was_signed_and_by_whom() {
    let key = Key::new();
    let good = key.sign(POISON);
    // Nobody vouches for the untrusted comment, and nothing depends on it.
    let commented = edited(&good, 0, |_| "untrusted comment: edited".to_owned());
    let windows = good.replace('\n', "\r\n");
    for text in [good, commented, windows] {
        for name in [Some("Storage"), None] {
            let trusted = [Key::new().public, key.public.clone()];
            let signed = verify(POISON, text.as_bytes(), &trusted, name).expect("verified");
            assert_eq!(signed.key, key.id());
            assert_eq!(signed.binding.to_string(), comment(POISON));
        }
    }
}

#[test]
fn keys_rotate() {
    let (old, new) = (Key::new(), Key::new());
    let (by_old, by_new) = (old.sign(POISON), new.sign(POISON));
    let try_it = |signature: &str, trusted: &[PublicKey]| {
        verify(POISON, signature.as_bytes(), trusted, None).map(|signed| signed.key)
    };
    let both = [old.public.clone(), new.public.clone()];
    assert_eq!(try_it(&by_old, &both).expect("the old one"), old.id());
    assert_eq!(try_it(&by_new, &both).expect("the new one"), new.id());
    let removed = [new.public.clone()];
    assert_eq!(try_it(&by_new, &removed).expect("the new one"), new.id());
    let error = try_it(&by_old, &removed).expect_err("the old one is gone");
    assert!(matches!(error, SignatureError::UntrustedKey { key, .. } if key == old.id()));
    assert!(try_it(&by_old, &[]).is_err());
}

#[test]
fn the_manifest_must_say_what_was_signed() {
    let binding: Binding = comment(POISON).parse().expect("a binding");
    let manifest = |name: &str, version: &str| -> Manifest {
        serde_json::from_value(serde_json::json!({
            "name": name, "version": version, "summary": "s", "timeout_seconds": 1,
        }))
        .expect("a manifest")
    };
    assert_eq!(binding.version, Version::parse("1.2.0").expect("a version"));
    assert!(binding.describes(&manifest("Storage", "1.2.0")).is_ok());
    for (name, version) in [("Memory", "1.2.0"), ("Storage", "1.1.9"), ("Storage", "x")] {
        let error = binding.describes(&manifest(name, version));
        let text = error.expect_err("another manifest").to_string();
        assert!(text.contains("signed as Storage 1.2.0"), "{text}");
        assert!(text.contains(&format!("says {name} {version}")), "{text}");
    }
}

#[test]
fn a_key_is_read_from_a_line_and_from_a_file() {
    let key = Key::new();
    let file = key.pair.pk.to_box().expect("a file").to_string();
    assert_eq!(PublicKey::parse(&file).expect("a file").id(), key.id());
    for wrong in [
        "",
        "untrusted comment: x",
        "RWQ",
        "/etc/passwd",
        &file[..60],
    ] {
        let error = PublicKey::parse(wrong).expect_err(wrong).to_string();
        assert!(
            error.contains("a public key of minisign is needed"),
            "{error}"
        );
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let key = Key::new();
        let refused = verify(POISON, &bytes, &[key.public], None);
        prop_assert!(refused.is_err());
    }

    #[test]
    fn no_changed_byte_is_accepted(at in any::<prop::sample::Index>(), with in any::<u8>()) {
        let key = Key::new();
        let mut bytes = key.sign(POISON).into_bytes();
        prop_assert!(bytes.len() < MAX_BYTES);
        // The untrusted comment, and how the last line ends, are nobody's business.
        let begin = bytes.iter().position(|byte| *byte == b'\n').expect("a line") + 1;
        let at = begin + at.index(bytes.len() - 1 - begin);
        prop_assume!(bytes[at] != with);
        bytes[at] = with;
        prop_assert!(verify(POISON, &bytes, &[key.public], None).is_err());
    }
}
